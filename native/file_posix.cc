// Files and directories of a POSIX system. Locks are in lock_posix.cc, the probe is in probe_posix.cc.
#include <dirent.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <utility>

#include "format.h"
#include "posix.h"

namespace waldo {

namespace {

// A durable write on macOS: fsync alone leaves the data in the drive's cache.
int sync_call(int fd) {
#ifdef __APPLE__
  if (fcntl(fd, F_FULLFSYNC) == 0) return 0;
  if (errno != ENOTSUP && errno != EINVAL) return -1;
  return fsync(fd);  // a filesystem without F_FULLFSYNC
#else
  return fdatasync(fd);
#endif
}

int reserve_call(int fd, off_t bytes) {
#ifdef __APPLE__
  struct stat status;
  if (fstat(fd, &status) != 0) return -1;
  if (status.st_size >= bytes) return 0;
  fstore_t store = {F_ALLOCATEALL, F_PEOFPOSMODE, 0, bytes - status.st_size, 0};
  if (fcntl(fd, F_PREALLOCATE, &store) < 0) return -1;
  return ftruncate(fd, bytes);
#else
  return fallocate(fd, 0, 0, bytes);
#endif
}

ssize_t pread_call(int fd, void* buffer, size_t bytes, off_t offset) {
  return ::pread(fd, buffer, bytes, offset);
}

constexpr size_t kMaxSlices = IOV_MAX < 1024 ? IOV_MAX : 1024;
// One call moves no more (macOS refuses 2 GiB, Linux falls short of it); a whole number of sectors.
constexpr size_t kMaxCallBytes = size_t{1} << 30;
static_assert(kMaxCallBytes % kMaxAlignment == 0, "what remains of a direct write stays aligned");

// How often a direct write may come back short of a single sector before it counts as failed.
constexpr int kMaxStalls = 16;

// Collects what lies past the first `skip` bytes of the slices. Returns how many entries of `out` are used.
size_t gather(const IoSlice* slices, size_t count, uint64_t skip, iovec* out) {
  size_t used = 0;
  size_t total = 0;
  for (size_t i = 0; i < count && used < kMaxSlices && total < kMaxCallBytes; ++i) {
    if (skip >= slices[i].bytes) {
      skip -= slices[i].bytes;
      continue;
    }
    const size_t bytes = std::min<size_t>(slices[i].bytes - skip, kMaxCallBytes - total);
    out[used++] = {const_cast<char*>(static_cast<const char*>(slices[i].data)) + skip, bytes};
    total += bytes;
    skip = 0;
  }
  return used;
}

// Where to go on after `done` bytes. A direct transfer resumes at a whole sector, counted from its own
// aligned start.
uint64_t resume_point(uint64_t done, bool direct) { return direct ? done - done % kMaxAlignment : done; }

class PosixFile final : public File {
 public:
  PosixFile(Descriptor fd, std::string path, const OpenFlags& flags)
      : fd_(std::move(fd)), path_(std::move(path)), direct_(flags.direct), dsync_(flags.dsync) {}

  Status read(uint64_t offset, void* buffer, size_t bytes, size_t* got) override {
    uint64_t done = 0;
    while (done < bytes) {
      const uint64_t from = resume_point(done, direct_);
      const ssize_t n = retry_interrupted([&] {
        return syscalls.pread(fd_.get(), static_cast<char*>(buffer) + from,
                              std::min<size_t>(bytes - from, kMaxCallBytes),
                              static_cast<off_t>(offset + from));
      });
      if (n < 0) return Status::io(errno, "pread", path_);
      if (from + static_cast<uint64_t>(n) <= done) break;  // no further than before: the file ends here
      done = from + static_cast<uint64_t>(n);
    }
    *got = done;
    return Status();
  }

  Status write(uint64_t offset, const IoSlice* slices, size_t count) override {
    uint64_t total = 0;
    for (size_t i = 0; i < count; ++i) total += slices[i].bytes;
    iovec vectors[kMaxSlices];
    int stalls = 0;
    for (uint64_t done = 0; done < total;) {
      const size_t used = gather(slices, count, done, vectors);
      const ssize_t n = retry_interrupted([&] {
        return syscalls.pwritev(fd_.get(), vectors, static_cast<int>(used),
                                static_cast<off_t>(offset + done));
      });
      if (n < 0) return Status::io(errno, "pwritev", path_);
      const uint64_t reached = done + static_cast<uint64_t>(n);
      uint64_t next = reached == total ? reached : resume_point(reached, direct_);
      stalls = next <= done ? stalls + 1 : 0;
      if (stalls == kMaxStalls) return Status::io(EIO, "pwritev", path_);
      // No whole large sector got through: from behind the small ones that did, the kernel says why.
      if (stalls == 1) next = reached - reached % kMinAlignment;
      done = next;
    }
#ifdef __APPLE__
    if (dsync_) return sync();  // O_DSYNC does not reach past the drive's cache
#endif
    return Status();
  }

  Status sync() override {
    if (retry_interrupted([&] { return syscalls.sync(fd_.get()); }) < 0) {
      return Status::io(errno, "fdatasync", path_);
    }
    return Status();
  }

  void drop_cache([[maybe_unused]] uint64_t offset, [[maybe_unused]] uint64_t bytes) override {
#ifdef POSIX_FADV_DONTNEED
    if (direct_) return;
    (void)posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes),
                        POSIX_FADV_DONTNEED);
#endif
  }

  Status allocate(uint64_t bytes) override {
    uint64_t now = 0;
    WALDO_TRY(size(&now));
    if (bytes == 0) return Status();
    if (retry_interrupted([&] { return syscalls.reserve(fd_.get(), static_cast<off_t>(bytes)); }) == 0) {
      return Status();
    }
    if (errno != EOPNOTSUPP && errno != ENOTSUP && errno != ENOSYS) {
      return Status::io(errno, "fallocate", path_);
    }
    if (now >= bytes) return Status();
    if (retry_interrupted([&] { return ftruncate(fd_.get(), static_cast<off_t>(bytes)); }) < 0) {
      return Status::io(errno, "ftruncate", path_);
    }
    return Status();
  }

  Status size(uint64_t* bytes) override {
    struct stat status;
    if (fstat(fd_.get(), &status) != 0) return Status::io(errno, "fstat", path_);
    *bytes = static_cast<uint64_t>(status.st_size);
    return Status();
  }

  Status next_hole(uint64_t from, uint64_t* offset) override {
    WALDO_TRY(size(offset));
    if (from >= *offset) return Status();
    const off_t hole = syscalls.lseek(fd_.get(), static_cast<off_t>(from), SEEK_HOLE);
    if (hole >= 0) {
      *offset = static_cast<uint64_t>(hole);
      return Status();
    }
    const bool cannot_tell =
        errno == EINVAL || errno == ENXIO || errno == EOPNOTSUPP || errno == ENOTSUP || errno == ENOSYS;
    return cannot_tell ? Status() : Status::io(errno, "lseek", path_);
  }

  const std::string& path() const override { return path_; }

 private:
  Descriptor fd_;
  std::string path_;
  bool direct_;
  [[maybe_unused]] bool dsync_;
};

int open_flags(const OpenFlags& flags) {
  int out = flags.write ? O_RDWR : O_RDONLY;
  if (flags.create) out |= O_CREAT | O_EXCL;
#ifdef __linux__
  if (flags.dsync) out |= O_DSYNC;
  if (flags.direct) out |= O_DIRECT;
#endif
  return out;
}

// kIo with a reason that tells more than the errno's own text.
Status refused(int sys_errno, const std::string& path, const std::string& reason) {
  Error error;
  error.code = Code::kIo;
  error.sys_errno = sys_errno;
  error.syscall = "open";
  error.path = path;
  error.message = "open failed on " + path + ": " + reason + " (" + errno_name(sys_errno) + ")";
  return Status(std::move(error));
}

class PosixFileSystem final : public FileSystem {
 public:
  Status open(const std::string& path, const OpenFlags& flags, std::unique_ptr<File>* file) override {
    Descriptor fd;
    WALDO_TRY(open_regular(path, open_flags(flags), flags.mode, &fd));
    OpenFlags effective = flags;
#ifdef __APPLE__
    // Bypasses the cache where it can, and asks for no alignment.
    if (flags.direct && fcntl(fd.get(), F_NOCACHE, 1) < 0) return Status::io(errno, "fcntl", path);
    effective.direct = false;
#endif
    *file = std::make_unique<PosixFile>(std::move(fd), path, effective);
    return Status();
  }

  Status make_directory(const std::string& path, uint32_t mode, bool* created) override {
    *created = mkdir(path.c_str(), static_cast<mode_t>(mode)) == 0;
    if (*created) {
      // By name: a directory that the umask left without permissions cannot be opened.
      if (chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) return Status::io(errno, "chmod", path);
      return Status();
    }
    const int failure = errno;
    struct stat status;
    // A link to a directory is the operator's choice of disk; only files inside a ring must not be links.
    if (failure == EEXIST && stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return Status();
    return Status::io(failure == EEXIST ? ENOTDIR : failure, "mkdir", path);
  }

  Status list(const std::string& directory, std::vector<std::string>* names) override {
    names->clear();
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), closedir);
    if (stream == nullptr) return Status::io(errno, "opendir", directory);
    errno = 0;
    while (const dirent* entry = readdir(stream.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names->push_back(name);
      errno = 0;
    }
    const int failure = errno;
    return failure == 0 ? Status() : Status::io(failure, "readdir", directory);
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return Status::io(errno, "rename", from);
    return Status();
  }

  Status remove(const std::string& path) override {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return Status::io(errno, "unlink", path);
    return Status();
  }

  Status sync_directory(const std::string& path) override {
    Descriptor fd(
        retry_interrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (!fd.valid()) return Status::io(errno, "open", path);
    if (retry_interrupted([&] { return fsync(fd.get()); }) == 0) return Status();
    // EINVAL: this filesystem has no separate sync of directories.
    return errno == EINVAL ? Status() : Status::io(errno, "fsync", path);
  }

  Status probe(const std::string& directory, uint32_t mode, Probe* probe) override {
    return probe_posix(directory, mode, probe);
  }

  Status lock(const std::string& path, uint32_t mode, const std::string& description,
              std::unique_ptr<Lock>* lock) override {
    return lock_posix(path, mode, description, lock);
  }

  Status check_unlocked(const std::string& path) override { return check_unlocked_posix(path); }

  Status share(const std::string& path, bool write, uint32_t mode,
               std::unique_ptr<SharedMemory>* memory) override {
    return share_posix(path, write, mode, memory);
  }

  Status random(void* buffer, size_t bytes) override {
    constexpr size_t kMaxEntropyBytes = 256;
    for (size_t done = 0; done < bytes;) {
      const size_t part = std::min(bytes - done, kMaxEntropyBytes);
      if (getentropy(static_cast<char*>(buffer) + done, part) != 0) {
        return Status::io(errno, "getentropy", "entropy");
      }
      done += part;
    }
    return Status();
  }
};

}  // namespace

Syscalls syscalls = {pread_call, ::pwritev, sync_call, reserve_call, ::lseek, ::fstatfs};

Status open_regular(const std::string& path, int flags, uint32_t mode, Descriptor* file) {
  const bool create = (flags & O_CREAT) != 0;
  // O_NONBLOCK means nothing to a regular file; without it opening a FIFO would wait for its other end.
  const int all = flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  Descriptor fd(retry_interrupted([&] { return ::open(path.c_str(), all, static_cast<mode_t>(mode)); }));
  if (!fd.valid()) {
    const int failure = errno;
    // Linux creates the file before it finds that the filesystem has no O_DIRECT.
    if (create && failure == EINVAL) unlink(path.c_str());
    struct stat link;
    if (failure == ELOOP && lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode)) {
      return refused(failure, path, "it is a symbolic link");
    }
    return Status::io(failure, "open", path);
  }
  struct stat status;
  if (fstat(fd.get(), &status) != 0) return Status::io(errno, "fstat", path);
  if (S_ISDIR(status.st_mode)) return refused(EISDIR, path, "it is a directory");
  if (!S_ISREG(status.st_mode)) return refused(EINVAL, path, "it is not a regular file");
  if (create && (status.st_mode & 0777) != mode && fchmod(fd.get(), static_cast<mode_t>(mode)) != 0) {
    const int failure = errno;
    unlink(path.c_str());
    return Status::io(failure, "fchmod", path);
  }
  *file = std::move(fd);
  return Status();
}

FileSystem& posix_file_system() {
  static PosixFileSystem* const instance = new PosixFileSystem;  // outlives threads still running at exit
  return *instance;
}

}  // namespace waldo
