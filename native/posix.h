// What the POSIX implementation of file.h shares among its files, and where tests replace system calls.
#pragma once

#include <fcntl.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#ifdef __APPLE__
#include <sys/mount.h>
#include <sys/param.h>
#else
#include <sys/vfs.h>
#endif

#include <cerrno>
#include <memory>
#include <string>

#include "file.h"

namespace waldo {

static_assert(sizeof(off_t) == 8, "file offsets have 64 bits");

// The calls that fail, fall short or are interrupted in practice. Only tests put others in their place.
struct Syscalls {
  ssize_t (*pread)(int fd, void* buffer, size_t bytes, off_t offset);
  ssize_t (*pwritev)(int fd, const iovec* slices, int count, off_t offset);
  int (*sync)(int fd);                  // fdatasync, or what is as strong
  int (*reserve)(int fd, off_t bytes);  // fallocate of [0, bytes), growing the file
  off_t (*lseek)(int fd, off_t offset, int whence);
  int (*fstatfs)(int fd, struct statfs* stats);
};
extern Syscalls syscalls;

template <typename Call>
auto retry_interrupted(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = other.fd_;
      other.fd_ = -1;
    }
    return *this;
  }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  // Never retried: on Linux the descriptor is gone even after EINTR. What must be durable was synced
  // before.
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

// open(2) of a regular file with O_CLOEXEC and O_NOFOLLOW; whatever else lies there is refused. With
// O_CREAT and O_EXCL in `flags` the new file gets exactly `mode`, and is removed again if it cannot.
Status open_regular(const std::string& path, int flags, uint32_t mode, Descriptor* file);

Status probe_posix(const std::string& directory, uint32_t mode, Probe* probe);
Status lock_posix(const std::string& path, uint32_t mode, const std::string& description,
                  std::unique_ptr<Lock>* lock);
Status check_unlocked_posix(const std::string& path);
Status share_posix(const std::string& path, bool write, uint32_t mode, std::unique_ptr<SharedMemory>* memory);

}  // namespace waldo
