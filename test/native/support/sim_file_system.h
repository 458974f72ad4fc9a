// A FileSystem in memory that loses power, on purpose and reproducibly. The model:
//
// Data. Every file has a cache, which reads see, and a medium, which survives. A write reaches the cache; its
// 512-byte sectors are then *pending*. sync() makes a file's pending sectors durable; a write through a
// `dsync` file makes its own sectors durable when it returns. Until then a power loss leaves each pending
// sector as it was or as any write since has left it, independently of the others and whatever their order;
// and it may garble one pending sector as a whole, with all that lies in it. Nothing else on the medium ever
// changes by itself.
//
// Sizes. A file's growth (by allocate() or by a write) is pending until sync(); a dsync write makes the size
// durable up to its own end. A power loss leaves any size between the durable and the newest one; what lies
// behind it is gone.
//
// Names. Creating, renaming and removing are pending until sync_directory() of their directory. A power loss
// keeps any subset of them (each wholly or not at all; a rename is one). A file's sync() does not make its
// name durable.
//
// Power loss. After set_crash_after(n), n more changing operations complete; the next one is in flight when
// the power fails: it has happened in part, wholly or not at all, and it and every later call fails.
// crash_image() draws one possible state of the medium then; kill_image() is what a killed process leaves,
// with the cache still there and still pending. An image draws its own random() numbers, so that epochs
// differ from the run it came from.
//
// Failures. A failed write of a buffered file: with EIO all of it is in the cache, is seen by reads and may
// or may not be on the medium, and later syncs succeed without making it durable (as Linux does); with other
// errors a prefix has been written as usual. A failed write of a `direct` file leaves any subset of its
// sectors on the medium, and reads see just that. A failed sync leaves what was pending like an EIO write. A block of
// a buffered file that has nothing durable yet when a write to it fails with EIO takes nothing until drop_cache(),
// though writes and syncs succeed (as on ext4, which forgets that the block was never written).
// Other operations that fail change nothing.
//
// Locks hold within one SimFileSystem and are not part of an image. Any thread may call anything.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "file.h"
#include "sim_rng.h"

namespace waldo {

enum SimOperation : uint32_t {
  kSimOpen = 1u << 0,  // of a file that is there
  kSimRead = 1u << 1,
  kSimList = 1u << 2,
  kSimInspect = 1u << 3,  // size, next_hole, probe
  kSimLock = 1u << 4,
  kSimRandom = 1u << 5,
  kSimCreate = 1u << 6,
  kSimWrite = 1u << 7,
  kSimSync = 1u << 8,
  kSimAllocate = 1u << 9,
  kSimMakeDirectory = 1u << 10,
  kSimRename = 1u << 11,
  kSimRemove = 1u << 12,
  kSimSyncDirectory = 1u << 13,

  kSimChanging = kSimCreate | kSimWrite | kSimSync | kSimAllocate | kSimMakeDirectory | kSimRename |
                 kSimRemove | kSimSyncDirectory,
  kSimAny = (1u << 14) - 1,
};

struct SimFault {
  uint32_t operations = kSimChanging;  // SimOperation bits: which calls count and fail
  std::string path_contains;           // only on such paths
  uint64_t skip = 0;                   // how many of those calls succeed first
  bool for_good = false;               // otherwise one call fails
  int sys_errno = 5;                   // EIO. 0: the call lies, claiming success for what it did not do
  // How many bytes of a failed write were done. Unset: drawn, or all of a buffered one that failed with EIO.
  std::optional<uint64_t> prefix;
};

class SimFileSystem final : public FileSystem {
 public:
  static constexpr uint64_t kSectorBytes = 512;

  explicit SimFileSystem(uint64_t seed = 1);
  ~SimFileSystem() override;

  // --- the machine ---

  // Lets that many changing operations complete; the one after them is in flight when the power fails.
  void set_crash_after(uint64_t operations);
  bool crashed() const;
  // What the disk may hold if the power fails now, or when it did.
  std::unique_ptr<SimFileSystem> crash_image(SimRng& rng) const;
  // What a process killed now, or at the crash, leaves behind while the machine goes on.
  std::unique_ptr<SimFileSystem> kill_image(SimRng& rng) const;
  // The same but for locks, faults, hook and scheduled crash; shares memory until one of them changes.
  std::unique_ptr<SimFileSystem> clone() const;

  void inject(const SimFault& fault);
  void clear_faults();
  void set_probe(const Probe& probe);  // direct, alignment 512, "sim", unless told otherwise
  void set_tells_holes(bool tells);    // otherwise next_hole() answers with the size
  // Called without any lock held before each operation; a buffered write is already visible then but not yet
  // durable. It may block: a device that stalls.
  void set_hook(std::function<void(SimOperation operation, const std::string& path)> hook);

  // --- looking and tampering ---

  uint64_t changes() const;                   // changing operations so far
  uint64_t count(uint32_t operations) const;  // calls of these kinds so far
  std::vector<std::string> files() const;     // paths of regular files, sorted
  // As reads see it; empty if it is not there.
  std::vector<uint8_t> file_bytes(const std::string& path) const;
  // Change cache and medium at once.
  void overwrite(const std::string& path, uint64_t offset, const void* data, uint64_t bytes);
  void flip_bit(const std::string& path, uint64_t bit);  // bit 8 n + k is bit k of byte n
  // Puts a whole file in place, durable and with a durable name; missing directories above it are made.
  void install(const std::string& path, const std::vector<uint8_t>& bytes);

  // --- FileSystem ---

  Status open(const std::string& path, const OpenFlags& flags, std::unique_ptr<File>* file) override;
  Status make_directory(const std::string& path, uint32_t mode, bool* created) override;
  Status list(const std::string& directory, std::vector<std::string>* names) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Status probe(const std::string& directory, uint32_t mode, Probe* probe) override;
  Status lock(const std::string& path, uint32_t mode, const std::string& description,
              std::unique_ptr<Lock>* lock) override;
  Status check_unlocked(const std::string& path) override;
  Status random(void* buffer, size_t bytes) override;

  struct State;

 private:
  explicit SimFileSystem(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

// Makes a directory at the top whose name survives a power loss: the place of a ring.
Status make_durable_directory(SimFileSystem& fs, const std::string& path);

}  // namespace waldo
