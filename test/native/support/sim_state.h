// The inside of SimFileSystem, shared by its operations and its images (sim_image.cc).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim_file_system.h"
#include "sparse_bytes.h"

namespace waldo {

struct SimNode {
  static constexpr uint64_t kSector = SimFileSystem::kSectorBytes;

  struct Version {
    std::array<uint8_t, kSector> bytes;
    bool failed;  // no sync will make it durable, yet it may be on the medium
  };

  bool directory = false;
  SparseBytes cache;
  SparseBytes medium;
  uint64_t size = 0;
  uint64_t durable_size = 0;
  // By sector: what the writes since the last durable state have left there, oldest first.
  std::map<uint64_t, std::vector<Version>> pending;
  // Blocks with nothing durable in them whose write failed: until the cache is dropped, what is written to them is not
  // on the medium, whatever a sync says.
  std::set<uint64_t> stuck;

  // Into the cache, as if the medium were out of reach.
  void store(uint64_t offset, const uint8_t* data, uint64_t bytes);
  // Into the cache; the sectors touched are pending, or `failed`.
  void write(uint64_t offset, const uint8_t* data, uint64_t bytes, bool failed = false);
  // Makes the sectors that the range touches durable as the cache has them.
  void settle(uint64_t offset, uint64_t bytes);
  void sync();
  // `buffered`: what failed was in the page cache.
  void fail_pending(bool buffered);
  // What is clean in the range is as the medium has it; of what failed, the medium has any version.
  void drop_cache(uint64_t offset, uint64_t bytes, SimRng& rng);

 private:
  static constexpr uint64_t kSectorsOfBlock = SparseBytes::kBlockBytes / kSector;

  void stick(uint64_t sector);
  bool is_stuck(uint64_t sector) const { return stuck.count(sector / kSectorsOfBlock) > 0; }
};

using SimNodePtr = std::shared_ptr<SimNode>;
using SimNames = std::map<std::string, SimNodePtr>;

// A change of names: `from` goes, `to` (where given) is `node`.
struct SimNameChange {
  std::string from;
  std::string to;
  SimNodePtr node;

  void apply(SimNames* names) const {
    if (!from.empty()) names->erase(from);
    if (!to.empty()) (*names)[to] = node;
  }
};

// The operation that the power loss interrupted.
struct SimInFlight {
  SimNodePtr node;  // of a write, a growth
  uint64_t offset = 0;
  std::vector<uint8_t> data;
  uint64_t grow_to = 0;
  std::optional<SimNameChange> name_change;
};

struct SimFileSystem::State {
  mutable std::mutex mutex;
  SimRng rng{1};

  SimNames names;
  SimNames durable_names;
  std::vector<SimNameChange> name_changes;  // pending, oldest first
  std::map<const SimNode*, std::string> locks;

  Probe probe;
  bool tells_holes = true;
  std::function<void(SimOperation, const std::string&)> hook;
  std::vector<SimFault> faults;
  std::map<uint32_t, uint64_t> counts;  // by SimOperation
  uint64_t changes = 0;
  std::optional<uint64_t> crash_in;  // changing operations until the crash
  bool crashed = false;
  SimInFlight in_flight;

  // What is to become of an operation that has just begun.
  struct Verdict {
    bool crash = false;  // fill in_flight and return lost_power()
    std::optional<SimFault> fault;
  };

  // Counts the operation. An error is returned if the power is already gone.
  Status begin(SimOperation operation, const char* syscall, const std::string& path, Verdict* verdict);
  // begin() for operations that change nothing if they fail. *done: there is only the status to return.
  Status begin_simple(SimOperation operation, const char* syscall, const std::string& path, bool* done);
  void call_hook(SimOperation operation, const std::string& path);

  const SimNodePtr* find(const std::string& path) const;
  Status find_parent(const char* syscall, const std::string& path) const;
  void change_names(SimNameChange change);
  std::shared_ptr<State> copy() const;  // see clone(); the caller holds the mutex
};

std::string sim_parent(const std::string& path);
bool sim_is_root(const std::string& path);
Status sim_lost_power(const char* syscall, const std::string& path);
std::unique_ptr<File> make_sim_file(std::shared_ptr<SimFileSystem::State> state, SimNodePtr node,
                                    const std::string& path, const OpenFlags& flags);

}  // namespace waldo
