// A disk with hardly any room, in memory, for a process of its own.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace waldo::test {

// Root in a namespace of one's own may mount too.
inline bool may_mount() {
  const auto write_file = [](const char* path, const std::string& text) {
    const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
    const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) > 0;
    if (fd >= 0) ::close(fd);
    return written;
  };
  const std::string user = "0 " + std::to_string(geteuid()) + " 1";
  const std::string group = "0 " + std::to_string(getegid()) + " 1";
  if (geteuid() == 0) return unshare(CLONE_NEWNS) == 0;
  return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/uid_map", user) && write_file("/proc/self/gid_map", group);
}

// Runs `action` in a child with a tmpfs mounted at `path`. What waitpid() says, or -1 if nothing can be mounted.
template <typename Action>
int with_small_disk(const std::string& path, const char* options, Action action) {
  constexpr int kCannot = 77;
  const pid_t child = fork();
  if (child == 0) {
    if (!may_mount() || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", path.c_str(), "tmpfs", 0, options) != 0)
      _exit(kCannot);
    _exit(action());
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == kCannot ? -1 : status;
}

// Until there is no more room for data.
inline void use_up_room(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  while (fd >= 0 && ::write(fd, block.data(), block.size()) > 0) {
  }
  if (fd >= 0) ::close(fd);
}

// Until there is no more room for files.
inline void use_up_files(const std::string& directory) {
  for (int i = 0;; ++i) {
    const std::string path = directory + "/" + std::to_string(i);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return;
    ::close(fd);
  }
}

}  // namespace waldo::test
