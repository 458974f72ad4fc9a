#include "volume.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "failure.h"

namespace waldo::test {

namespace {

constexpr char kHome[] = "/mnt";
constexpr uint64_t kMiB = 1024 * 1024;

struct FilesystemType {
  const char* name;
  uint64_t bytes;  // hardly more than the least it can have
  const char* format;
};
// Nothing is left to be initialised later, by a thread in the kernel.
const FilesystemType kTypes[] = {
    {"ext4", 64 * kMiB,
     "mkfs.ext4 -q -F -b 4096 -J size=4 -E nodiscard,lazy_itable_init=0,lazy_journal_init=0"},
    {"xfs", 300 * kMiB, "mkfs.xfs -q -f -K"},
    {"btrfs", 128 * kMiB, "mkfs.btrfs -q -f -K"},
};

const FilesystemType& type_of(const std::string& name) {
  for (const FilesystemType& type : kTypes) {
    if (name == type.name) return type;
  }
  throw std::runtime_error("no such filesystem: " + name);
}

int outer_namespace = -1;

}  // namespace

void make_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail_with_errno("mkdir " + path);
}

std::string enter_own_namespace() {
  outer_namespace = ::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (outer_namespace < 0) fail_with_errno("opening /proc/self/ns/mnt");
  if (unshare(CLONE_NEWNS) != 0) {
    if (errno == EPERM) throw NotRun("root");
    fail_with_errno("unshare");
  }
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail_with_errno("a private mount tree");
  if (mount("tmpfs", kHome, "tmpfs", 0, "mode=700") != 0) fail_with_errno("mounting a tmpfs");
  return kHome;
}

void leave_own_namespace() {
  if (setns(outer_namespace, CLONE_NEWNS) != 0) _exit(1);
}

// A loop device that goes when its last user does: the descriptor here, or the filesystem mounted.
class Volume::Loop {
 public:
  Loop(const BlockDevice& device, const std::string& node) : node_(node) {
    const int control = ::open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0) throw NotRun("loop devices (/dev/loop-control)");
    const int backing = ::open(device.path().c_str(), O_RDWR | O_CLOEXEC);
    if (backing < 0) fail_with_errno("opening the device's file");
    // Somebody else may take the same one at the same time.
    for (int attempt = 0; attempt < 100 && fd_ < 0; ++attempt) attach(control, backing);
    const int failure = errno;
    ::close(backing);
    ::close(control);
    errno = failure;
    if (fd_ < 0) fail_with_errno("attaching a loop device");
  }
  ~Loop() {
    ::close(fd_);
    unlink(node_.c_str());
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

 private:
  void attach(int control, int backing) {
    const int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0) return;
    unlink(node_.c_str());
    if (mknod(node_.c_str(), S_IFBLK | 0600, makedev(LOOP_MAJOR, static_cast<unsigned>(number))) != 0) return;
    fd_ = ::open(node_.c_str(), O_RDWR | O_CLOEXEC);
    if (fd_ < 0) return;
    loop_config config{};
    config.fd = static_cast<uint32_t>(backing);
    config.block_size = 512;
    // Direct: what the filesystem has been told is written has reached the device.
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
    if (ioctl(fd_, LOOP_CONFIGURE, &config) == 0) return;
    const int failure = errno;
    ::close(fd_);
    fd_ = -1;
    usleep(1000);
    errno = failure;
  }

  const std::string node_;
  int fd_ = -1;
};

Volume::Volume(const std::string& home, const std::string& type, const std::string& options)
    : home_(home), type_(type), options_(options), directory_(home + "/mounted") {
  make_folder(directory_);
  const std::string file = home + "/disk";
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) fail_with_errno("creating " + file);
  ::close(fd);
  device_ = std::make_unique<BlockDevice>(type_of(type).bytes, file, leave_own_namespace);
}

Volume::~Volume() {
  if (mounted_) umount2(directory_.c_str(), MNT_DETACH);
}

void Volume::format() {
  const std::string node = home_ + "/loop";
  const Loop loop(*device_, node);
  const std::string command = std::string(type_of(type_).format) + " " + node + " >/dev/null";
  const int status = std::system(command.c_str());
  if (status != 0) throw std::runtime_error(command + " failed with " + std::to_string(status));
}

void Volume::mount(bool read_only) {
  const std::string node = home_ + "/loop";
  const Loop loop(*device_, node);
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOATIME | (read_only ? MS_RDONLY : 0);
  if (::mount(node.c_str(), directory_.c_str(), type_.c_str(), flags, options_.c_str()) != 0)
    throw MountRefused("mounting " + type_ + " failed: " + strerror(errno));
  mounted_ = true;
}

void Volume::unmount() {
  if (umount2(directory_.c_str(), 0) != 0) fail_with_errno("unmounting " + type_);
  mounted_ = false;
}

}  // namespace waldo::test
