// The writer's lock: flock on a descriptor of its own, and a registry of the locks that this process holds.
// The kernel drops the lock with the process, whatever killed it; the file's content is only for people.
#include <sys/file.h>
#include <sys/stat.h>

#include <ctime>
#include <map>
#include <mutex>
#include <utility>

#include "posix.h"

namespace waldo {

namespace {

constexpr size_t kMaxHolderBytes = 200;
// Another process that only looks (check_unlocked) holds the lock for an instant: try again before
// refusing.
constexpr int kLockAttempts = 20;
constexpr timespec kLockPause = {0, 5 * 1000 * 1000};
// How often the file may be replaced between opening and locking it.
constexpr int kMaxReplacements = 16;

struct FileId {
  dev_t device;
  ino_t inode;
  bool operator<(const FileId& other) const {
    return device != other.device ? device < other.device : inode < other.inode;
  }
};

// Held while a lock is taken, examined or released, so that the threads of a process never see one half
// done.
struct Registry {
  std::mutex mutex;
  std::map<FileId, std::string> holders;
};

Registry& registry() {
  static Registry* const instance = new Registry;  // outlives threads still running at exit
  return *instance;
}

std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (out.size() == kMaxHolderBytes) break;
    if (c >= ' ' && c <= '~') out += c;
  }
  return out;
}

std::string read_holder(int fd) {
  char buffer[kMaxHolderBytes];
  const ssize_t n = retry_interrupted([&] { return ::pread(fd, buffer, sizeof buffer, 0); });
  return n > 0 ? printable(std::string(buffer, static_cast<size_t>(n))) : "";
}

Status locked(const std::string& path, const std::string& holder) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  Error error;
  error.code = Code::kLocked;
  error.holder = holder.empty() ? "another process" : holder;
  error.message = directory + " is locked by " + error.holder;
  return Status(std::move(error));
}

// Closing is not enough: a child between fork and exec has the same open file, and would keep the lock.
void unlock(Descriptor& fd) {
  (void)retry_interrupted([&] { return flock(fd.get(), LOCK_UN); });
  fd.reset();
}

class PosixLock final : public Lock {
 public:
  // Holds nothing until it is given what was locked.
  void hold(Descriptor fd, FileId id) {
    fd_ = std::move(fd);
    id_ = id;
  }

  ~PosixLock() override {
    if (!fd_.valid()) return;
    std::lock_guard<std::mutex> guard(registry().mutex);
    // The file stays: removing it would let two processes lock two files of the same name.
    (void)!ftruncate(fd_.get(), 0);
    unlock(fd_);
    registry().holders.erase(id_);
  }

 private:
  Descriptor fd_;
  FileId id_{};
};

Status open_lock_file(const std::string& path, uint32_t mode, Descriptor* fd) {
  Status status = open_regular(path, O_RDWR, mode, fd);
  if (!status.missing()) return status;
  status = open_regular(path, O_RDWR | O_CREAT | O_EXCL, mode, fd);
  if (status.ok() || status.error().sys_errno != EEXIST) return status;
  return open_regular(path, O_RDWR, mode, fd);
}

bool try_flock(int fd, int operation) {
  return retry_interrupted([&] { return flock(fd, operation | LOCK_NB); }) == 0;
}

Status flock_exclusive(int fd, const std::string& path) {
  for (int attempt = 1; !try_flock(fd, LOCK_EX); ++attempt) {
    if (errno != EWOULDBLOCK) return Status::io(errno, "flock", path);
    if (attempt == kLockAttempts) return locked(path, read_holder(fd));
    nanosleep(&kLockPause, nullptr);
  }
  return Status();
}

Status file_id(int fd, const std::string& path, FileId* id) {
  struct stat status;
  if (fstat(fd, &status) != 0) return Status::io(errno, "fstat", path);
  *id = {status.st_dev, status.st_ino};
  return Status();
}

bool still_named(const std::string& path, const FileId& id) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0 && status.st_dev == id.device && status.st_ino == id.inode;
}

// A lock whose holder is not named is held nonetheless: a full disk must not keep a ring from opening.
void write_holder(int fd, const std::string& text) {
  if (ftruncate(fd, 0) == 0) (void)!::pwrite(fd, text.data(), text.size(), 0);
}

}  // namespace

Status lock_posix(const std::string& path, uint32_t mode, const std::string& description,
                  std::unique_ptr<Lock>* lock) {
  std::lock_guard<std::mutex> guard(registry().mutex);
  for (int attempt = 0; attempt < kMaxReplacements; ++attempt) {
    Descriptor fd;
    WALDO_TRY(open_lock_file(path, mode, &fd));
    FileId id{};
    WALDO_TRY(file_id(fd.get(), path, &id));
    const auto held = registry().holders.find(id);
    if (held != registry().holders.end()) return locked(path, held->second);
    WALDO_TRY(flock_exclusive(fd.get(), path));
    if (!still_named(path, id)) continue;  // removed meanwhile: lock the file that others would find
    const std::string holder = printable(description);
    write_holder(fd.get(), holder);
    // Whatever takes memory comes first: what is registered without a lock to let go of it would be locked for good.
    auto taken = std::make_unique<PosixLock>();
    registry().holders.emplace(id, holder);
    taken->hold(std::move(fd), id);
    *lock = std::move(taken);
    return Status();
  }
  return Status::io(ESTALE, "flock", path);
}

Status try_lock(int fd, bool* locked) {
  *locked = try_flock(fd, LOCK_EX);
  if (!*locked && errno != EWOULDBLOCK) return Status::io(errno, "flock", "");
  return Status();
}

Status check_unlocked_posix(const std::string& path) {
  std::lock_guard<std::mutex> guard(registry().mutex);
  Descriptor fd;
  Status status = open_regular(path, O_RDONLY, 0, &fd);
  if (status.missing()) return Status();
  WALDO_TRY(status);
  FileId id{};
  WALDO_TRY(file_id(fd.get(), path, &id));
  const auto held = registry().holders.find(id);
  if (held != registry().holders.end()) return locked(path, held->second);
  if (!try_flock(fd.get(), LOCK_SH))
    return errno == EWOULDBLOCK ? locked(path, read_holder(fd.get())) : Status::io(errno, "flock", path);
  unlock(fd);
  return Status();
}

}  // namespace waldo
