// Memory shared by way of a file: mapped to wait for, read and written by pread and pwrite, since touching a
// mapping whose file somebody cuts short ends the process, and so does storing into one whose disk is full or
// fails. Waiting is a futex on Linux, else a nap.
#include <sys/mman.h>
#include <sys/stat.h>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#include <climits>
#include <cstring>
#include <ctime>
#include <thread>

#include "posix.h"

namespace waldo {

namespace {

constexpr std::chrono::milliseconds kNap{2};

#ifdef __linux__
// A word in a file is the same word for every process that maps it, for waiting even if it is mapped read-only.
long futex(const void* word, int operation, uint32_t value, const timespec* time) {
  return syscall(SYS_futex, word, operation, value, time, nullptr, 0);
}
#endif

class PosixSharedMemory final : public SharedMemory {
 public:
  PosixSharedMemory(Descriptor fd, std::string path, uint8_t* memory)
      : fd_(std::move(fd)), path_(std::move(path)), memory_(memory), next_word_(word()) {}
  ~PosixSharedMemory() override { munmap(memory_, kBytes); }

  bool intact() override {
    struct stat status;
    return fstat(fd_.get(), &status) == 0 && status.st_size >= static_cast<off_t>(kBytes) &&
           status.st_nlink > 0;
  }

  void store(const void* data, size_t bytes) override { std::memcpy(stored_, data, bytes); }

  void wake() override {
    next_word_ += 1;
    std::memcpy(stored_ + kWordOffset, &next_word_, sizeof(next_word_));
    // What cannot be written, readers do without: it is a hint.
    (void)retry_interrupted([&] { return ::pwrite(fd_.get(), stored_, sizeof(stored_), 0); });
    interrupt();
  }

  Status load(void* data, size_t bytes, size_t* got) override {
    const ssize_t n = retry_interrupted([&] { return syscalls.pread(fd_.get(), data, bytes, 0); });
    if (n < 0) return Status::io(errno, "pread", path_);
    *got = static_cast<size_t>(n);
    return Status();
  }

  uint32_t word() override {
    uint32_t value = 0;
    (void)retry_interrupted([&] { return syscalls.pread(fd_.get(), &value, sizeof(value), kWordOffset); });
    return value;
  }

  void wait(uint32_t seen, std::chrono::milliseconds time) override {
#ifdef __linux__
    const timespec limit = {static_cast<time_t>(time.count() / 1000),
                            static_cast<long>(time.count() % 1000 * 1000 * 1000)};
    if (futex(mapped_word(), FUTEX_WAIT, seen, &limit) == 0) return;
    if (errno == EAGAIN || errno == ETIMEDOUT || errno == EINTR) return;
#endif
    if (word() == seen) std::this_thread::sleep_for(std::min(time, kNap));
  }

  void interrupt() override {
#ifdef __linux__
    (void)futex(mapped_word(), FUTEX_WAKE, INT_MAX, nullptr);
#endif
  }

  bool current() override {
    struct stat mine, there;
    return fstat(fd_.get(), &mine) == 0 && lstat(path_.c_str(), &there) == 0 && mine.st_ino == there.st_ino &&
           mine.st_dev == there.st_dev;
  }

 private:
  uint32_t* mapped_word() const { return reinterpret_cast<uint32_t*>(memory_ + kWordOffset); }

  Descriptor fd_;
  const std::string path_;
  uint8_t* const memory_;
  uint8_t stored_[kWordOffset + sizeof(uint32_t)] = {};
  uint32_t next_word_;
};

Status open_shared(const std::string& path, bool write, uint32_t mode, Descriptor* fd) {
  if (!write) return open_regular(path, O_RDONLY, 0, fd);
  Status opened = open_regular(path, O_RDWR, 0, fd);
  struct stat status;
  // Readers have it mapped: it is replaced only if it cannot be used.
  if (opened.ok() && fstat(fd->get(), &status) == 0 && status.st_size == SharedMemory::kBytes)
    return Status();
  fd->reset();
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Status::io(errno, "unlink", path);
  WALDO_TRY(open_regular(path, O_RDWR | O_CREAT | O_EXCL, mode, fd));
  return ftruncate(fd->get(), SharedMemory::kBytes) == 0 ? Status() : Status::io(errno, "ftruncate", path);
}

}  // namespace

Status share_posix(const std::string& path, bool write, uint32_t mode,
                   std::unique_ptr<SharedMemory>* memory) {
  Descriptor fd;
  WALDO_TRY(open_shared(path, write, mode, &fd));
  void* const mapped = mmap(nullptr, SharedMemory::kBytes, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) return Status::io(errno, "mmap", path);
  *memory = std::make_unique<PosixSharedMemory>(std::move(fd), path, static_cast<uint8_t*>(mapped));
  return Status();
}

}  // namespace waldo
