// Defined in a program, or preloaded, these functions come before the C library's.
//
// Preloaded, the environment says what to do: WALDO_FAULT_DIRECTORY, and WALDO_FAULT="OUTCOME INDEX FOR_GOOD ERROR
// BYTES" in numbers. With WALDO_FAULT_CALLS the calls are written to that file, a line each, as they are made.
#include "interposer.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace waldo::faults {

namespace {

constexpr int kDescriptors = 4096;
constexpr size_t kCalls = 8192;
constexpr size_t kDirectSector = 4096;

char directory[1024];
Plan plan;
std::atomic<bool> armed{false};
std::atomic<uint64_t> count{0};
std::atomic<int> told{-1};
std::atomic<bool (*)()> memory_refused{nullptr};
Made calls[kCalls];
char paths[kDescriptors][sizeof(Made::path)];  // of descriptors; empty: not ours

bool ours(const char* path) {
  const size_t length = strlen(directory);
  return armed && length > 0 && path != nullptr && strncmp(path, directory, length) == 0 &&
         (path[length] == '\0' || path[length] == '/');
}
const char* path_of(int fd) { return fd >= 0 && fd < kDescriptors ? paths[fd] : ""; }

// Known whether or not calls are counted just now: what is opened before is used later.
void remember(int fd, const char* path) {
  if (fd < 0 || fd >= kDescriptors) return;
  const size_t length = strlen(directory);
  const bool inside = length > 0 && path != nullptr && strncmp(path, directory, length) == 0;
  snprintf(paths[fd], sizeof(paths[fd]), "%s", inside ? path : "");
}

template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

[[noreturn]] void die() {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

// What is to become of the call that has just begun.
Outcome begin(const char* name, const char* path) {
  const uint64_t index = count.fetch_add(1);
  if (index < kCalls) {
    calls[index].name = name;
    snprintf(calls[index].path, sizeof(calls[index].path), "%s", path);
  }
  if (told >= 0) dprintf(told, "%s %s\n", name, path);
  const bool meant = plan.for_good ? index >= plan.index : index == plan.index;
  if (!meant || plan.outcome == Outcome::kCount) return Outcome::kCount;
  if (plan.outcome == Outcome::kKillBefore) die();
  return plan.outcome;
}

template <typename Result, typename Call>
Result intercept(const char* name, const char* path, bool mine, Result failed, Call call) {
  if (!mine) return call();
  const Outcome outcome = begin(name, path);
  if (outcome == Outcome::kError) {
    errno = plan.error;
    return failed;
  }
  const Result result = call();
  if (outcome == Outcome::kKillAfter) die();
  return result;
}

// How many of `bytes` are moved; a direct transfer ends at a sector.
size_t shortened(int fd, size_t bytes) {
  size_t moved = plan.bytes == 0 ? bytes / 2 : plan.bytes;
  if ((fcntl(fd, F_GETFL) & O_DIRECT) != 0) moved = moved / kDirectSector * kDirectSector;
  return moved == 0 || moved >= bytes ? bytes : moved;
}

// `call` transfers that many bytes.
template <typename Call>
ssize_t transfer(const char* name, int fd, size_t bytes, Call call) {
  const char* const path = path_of(fd);
  if (!armed || *path == '\0') return call(bytes);
  switch (begin(name, path)) {
    case Outcome::kError:
      errno = plan.error;
      return -1;
    case Outcome::kShort:
      return call(shortened(fd, bytes));
    case Outcome::kKillAfter:
      (void)call(bytes);
      die();
    default:
      return call(bytes);
  }
}

size_t sum(const iovec* slices, int used) {
  size_t bytes = 0;
  for (int i = 0; i < used; ++i) bytes += slices[i].iov_len;
  return bytes;
}

ssize_t write_part(int fd, const iovec* slices, int used, off_t offset, size_t bytes) {
  static const auto next = real<ssize_t (*)(int, const iovec*, int, off_t)>("pwritev");
  constexpr int kMost = 1024;
  static thread_local iovec part[kMost];
  int taken = 0;
  for (; taken < used && taken < kMost && bytes > 0; ++taken) {
    part[taken] = slices[taken];
    part[taken].iov_len = std::min(part[taken].iov_len, bytes);
    bytes -= part[taken].iov_len;
  }
  return next(fd, part, taken, offset);
}

int open_known(const char* path, int flags, mode_t mode) {
  static const auto next = real<int (*)(const char*, int, ...)>("open");
  const int fd = intercept("open", path, ours(path), -1, [&] { return next(path, flags, mode); });
  remember(fd, path);
  return fd;
}

mode_t mode_from(int flags, va_list arguments) {
  const bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return creates ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

// Preloaded: what the environment says.
__attribute__((constructor)) void begin_from_environment() {
  const char* const where = getenv("WALDO_FAULT_DIRECTORY");
  const char* const what = getenv("WALDO_FAULT");
  if (where == nullptr || what == nullptr) return;
  Plan wanted;
  int outcome = 0;
  int for_good = 0;
  unsigned long long index = 0;
  unsigned long long bytes = 0;
  if (sscanf(what, "%d %llu %d %d %llu", &outcome, &index, &for_good, &wanted.error, &bytes) != 5) return;
  wanted.outcome = static_cast<Outcome>(outcome);
  wanted.index = index;
  wanted.for_good = for_good != 0;
  wanted.bytes = bytes;
  const char* const list = getenv("WALDO_FAULT_CALLS");
  if (list != nullptr) told = ::open(list, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  interposer_arm(where, wanted);
}

}  // namespace

void interposer_arm(const char* where, const Plan& wanted) {
  armed = false;
  snprintf(directory, sizeof(directory), "%s", where);
  plan = wanted;
  count = 0;
  armed = true;
}

void interposer_refuse_memory(bool (*refuses)()) { memory_refused = refuses; }
void interposer_disarm() { armed = false; }
uint64_t interposer_count() { return count; }

size_t interposer_calls(const Made** made) {
  *made = calls;
  return std::min<size_t>(count, kCalls);
}

}  // namespace waldo::faults

using namespace waldo::faults;

// Each function in its two names: programs that ask for large files by macro call the second one.
#define WALDO_BOTH(result, name, parameters, arguments) \
  result name##64 parameters { return name arguments; }

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_from(flags, arguments);
  va_end(arguments);
  return open_known(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_from(flags, arguments);
  va_end(arguments);
  return open_known(path, flags | O_LARGEFILE, mode);
}

int close(int fd) {
  static const auto next = real<int (*)(int)>("close");
  if (fd >= 0 && fd < kDescriptors) paths[fd][0] = '\0';
  return next(fd);
}

ssize_t pread(int fd, void* buffer, size_t bytes, off_t offset) {
  static const auto next = real<ssize_t (*)(int, void*, size_t, off_t)>("pread");
  return transfer("pread", fd, bytes, [&](size_t part) { return next(fd, buffer, part, offset); });
}
WALDO_BOTH(ssize_t, pread, (int fd, void* buffer, size_t bytes, off_t offset), (fd, buffer, bytes, offset))

ssize_t pwrite(int fd, const void* data, size_t bytes, off_t offset) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return transfer("pwrite", fd, bytes, [&](size_t part) { return next(fd, data, part, offset); });
}
WALDO_BOTH(ssize_t, pwrite, (int fd, const void* data, size_t bytes, off_t offset), (fd, data, bytes, offset))

ssize_t pwritev(int fd, const iovec* slices, int used, off_t offset) {
  return transfer("pwritev", fd, sum(slices, used),
                  [&](size_t part) { return write_part(fd, slices, used, offset, part); });
}
WALDO_BOTH(ssize_t, pwritev, (int fd, const iovec* slices, int used, off_t offset),
           (fd, slices, used, offset))

int fdatasync(int fd) {
  static const auto next = real<int (*)(int)>("fdatasync");
  return intercept("fdatasync", path_of(fd), armed && *path_of(fd), -1, [&] { return next(fd); });
}

int fsync(int fd) {
  static const auto next = real<int (*)(int)>("fsync");
  return intercept("fsync", path_of(fd), armed && *path_of(fd), -1, [&] { return next(fd); });
}

int fallocate(int fd, int mode, off_t offset, off_t bytes) {
  static const auto next = real<int (*)(int, int, off_t, off_t)>("fallocate");
  return intercept("fallocate", path_of(fd), armed && *path_of(fd), -1,
                   [&] { return next(fd, mode, offset, bytes); });
}
WALDO_BOTH(int, fallocate, (int fd, int mode, off_t offset, off_t bytes), (fd, mode, offset, bytes))

int ftruncate(int fd, off_t bytes) noexcept {
  static const auto next = real<int (*)(int, off_t)>("ftruncate");
  return intercept("ftruncate", path_of(fd), armed && *path_of(fd), -1, [&] { return next(fd, bytes); });
}
int ftruncate64(int fd, off_t bytes) noexcept { return ftruncate(fd, bytes); }

off_t lseek(int fd, off_t offset, int whence) noexcept {
  static const auto next = real<off_t (*)(int, off_t, int)>("lseek");
  return intercept("lseek", path_of(fd), armed && *path_of(fd), static_cast<off_t>(-1),
                   [&] { return next(fd, offset, whence); });
}
off_t lseek64(int fd, off_t offset, int whence) noexcept { return lseek(fd, offset, whence); }

int flock(int fd, int operation) noexcept {
  static const auto next = real<int (*)(int, int)>("flock");
  return intercept("flock", path_of(fd), armed && *path_of(fd), -1, [&] { return next(fd, operation); });
}

int fchmod(int fd, mode_t mode) noexcept {
  static const auto next = real<int (*)(int, mode_t)>("fchmod");
  return intercept("fchmod", path_of(fd), armed && *path_of(fd), -1, [&] { return next(fd, mode); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  static const auto next = real<int (*)(const char*, mode_t)>("mkdir");
  return intercept("mkdir", path, ours(path), -1, [&] { return next(path, mode); });
}

int chmod(const char* path, mode_t mode) noexcept {
  static const auto next = real<int (*)(const char*, mode_t)>("chmod");
  return intercept("chmod", path, ours(path), -1, [&] { return next(path, mode); });
}

int rename(const char* from, const char* to) noexcept {
  static const auto next = real<int (*)(const char*, const char*)>("rename");
  return intercept("rename", from, ours(from), -1, [&] { return next(from, to); });
}

int unlink(const char* path) noexcept {
  static const auto next = real<int (*)(const char*)>("unlink");
  return intercept("unlink", path, ours(path), -1, [&] { return next(path); });
}

DIR* opendir(const char* path) {
  static const auto next = real<DIR* (*)(const char*)>("opendir");
  return intercept("opendir", path, ours(path), static_cast<DIR*>(nullptr), [&] { return next(path); });
}

void* mmap(void* at, size_t bytes, int protection, int flags, int fd, off_t offset) noexcept {
  bool (*const refuses)() = fd < 0 ? memory_refused.load() : nullptr;
  if (refuses != nullptr && refuses()) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  static const auto next = real<void* (*)(void*, size_t, int, int, int, off_t)>("mmap");
  return intercept("mmap", path_of(fd), armed && *path_of(fd), MAP_FAILED,
                   [&] { return next(at, bytes, protection, flags, fd, offset); });
}
void* mmap64(void* at, size_t bytes, int protection, int flags, int fd, off_t offset) noexcept {
  return mmap(at, bytes, protection, flags, fd, offset);
}

}  // extern "C"
