// Every system call on files goes through these two interfaces; tests put failing and crashing ones in
// their place.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "status.h"

namespace waldo {

struct IoSlice {
  const void* data;
  size_t bytes;
};

class File {
 public:
  virtual ~File() = default;

  // Reads until `bytes` are there or the file ends; *got tells how many came. On a direct file, offset,
  // bytes and buffer must be aligned.
  virtual Status read(uint64_t offset, void* buffer, size_t bytes, size_t* got) = 0;

  // Writes all slices, one after the other, or fails. On a file opened with `dsync` they are durable on
  // return.
  virtual Status write(uint64_t offset, const IoSlice* slices, size_t count) = 0;
  Status write(uint64_t offset, const void* data, size_t bytes) {
    const IoSlice slice{data, bytes};
    return write(offset, &slice, 1);
  }

  // fdatasync.
  virtual Status sync() = 0;

  // Has what is clean in the range read from the device from now on, not from the page cache; nothing to a direct
  // file. An advice: it cannot fail.
  virtual void drop_cache(uint64_t offset, uint64_t bytes) = 0;

  // Makes the file `bytes` long (never shorter) and reserves its blocks where the filesystem can.
  virtual Status allocate(uint64_t bytes) = 0;

  virtual Status size(uint64_t* bytes) = 0;

  // The first offset at or after `from` that was never written (a hole or an unwritten extent); the file's
  // size if there is none or if the filesystem cannot tell.
  virtual Status next_hole(uint64_t from, uint64_t* offset) = 0;

  virtual const std::string& path() const = 0;
};

// The mode of a directory of files with the mode `mode`: searchable by whoever may read them.
constexpr uint32_t directory_mode(uint32_t mode) { return mode | ((mode & 0444) >> 2); }

struct OpenFlags {
  bool write = false;
  bool create = false;  // fails if the file is there
  bool dsync = false;
  bool direct = false;
  uint32_t mode = 0600;  // of a file created, whatever the umask
};

// An advisory lock; released when destroyed and when the process dies.
class Lock {
 public:
  virtual ~Lock() = default;
};

// A page of memory that processes share by way of a file. It is for hints: whoever may write the file may
// write anything into it, or cut it short.
class SharedMemory {
 public:
  static constexpr size_t kBytes = 4096;
  // Where the word lies that readers wait for.
  static constexpr size_t kWordOffset = 2048;

  virtual ~SharedMemory() = default;

  // The writer's. Whether the file is there whole.
  virtual bool intact() = 0;
  // Up to kWordOffset bytes, that others see with the next wake().
  virtual void store(const void* data, size_t bytes) = 0;
  // Changes the word, and wakes all who wait for that. What is stored can be read in part meanwhile.
  virtual void wake() = 0;

  // Readers'. As many bytes from the start as there are.
  virtual Status load(void* data, size_t bytes, size_t* got) = 0;
  virtual uint32_t word() = 0;
  // Until the word is no longer `seen`, or the time is up, or for no reason.
  virtual void wait(uint32_t seen, std::chrono::milliseconds time) = 0;
  // Ends waits of this process, and perhaps of others.
  virtual void interrupt() = 0;
  // Whether the file is still the one at its path.
  virtual bool current() = 0;
};

// What one directory's filesystem can do.
struct Probe {
  bool direct = false;       // O_DIRECT is taken and a write through it works
  uint32_t alignment = 512;  // of device sectors: 512 … 4096
  bool network = false;      // NFS, SMB and their like
  std::string type;          // name of the filesystem type, for messages
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Refuses symbolic links and anything but regular files. ENOENT comes as kIo with sys_errno ENOENT.
  virtual Status open(const std::string& path, const OpenFlags& flags, std::unique_ptr<File>* file) = 0;

  // Creates the directory (not its parents) if it is not there; fails with ENOTDIR if something else is.
  virtual Status make_directory(const std::string& path, uint32_t mode, bool* created) = 0;
  virtual Status list(const std::string& directory, std::vector<std::string>* names) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;  // a missing file is fine
  virtual Status sync_directory(const std::string& path) = 0;
  virtual Status probe(const std::string& directory, uint32_t mode, Probe* probe) = 0;

  // Takes the writer's lock, or fails with kLocked naming the holder. `description` is what others will be
  // told.
  virtual Status lock(const std::string& path, uint32_t mode, const std::string& description,
                      std::unique_ptr<Lock>* lock) = 0;
  // Fails with kLocked, naming the holder, while somebody holds the lock. A missing lock file is fine.
  virtual Status check_unlocked(const std::string& path) = 0;

  // Makes the file if it is not there, if it is to be written to. ENOTSUP where memory cannot be shared.
  virtual Status share(const std::string& path, bool write, uint32_t mode,
                       std::unique_ptr<SharedMemory>* memory) {
    (void)write;
    (void)mode;
    (void)memory;
    return Status::io(ENOTSUP, "mmap", path);
  }

  // Bits that no other open will draw: for epochs.
  virtual Status random(void* buffer, size_t bytes) = 0;
};

// The real one.
FileSystem& posix_file_system();

// Takes an exclusive flock on an open descriptor unless somebody else has one on that file; never waits. The
// lock ends with the descriptor.
Status try_lock(int fd, bool* locked);

}  // namespace waldo
