// Files of the simulated FileSystem.
#include <cerrno>

#include "format.h"
#include "sim_state.h"

namespace waldo {

void SimNode::store(uint64_t offset, const uint8_t* data, uint64_t bytes) {
  if (bytes == 0) return;
  cache.write(offset, data, bytes);
  size = std::max(size, offset + bytes);
}

void SimNode::write(uint64_t offset, const uint8_t* data, uint64_t bytes, bool failed) {
  store(offset, data, bytes);
  if (bytes == 0) return;
  for (uint64_t sector = offset / kSector; sector * kSector < offset + bytes; ++sector) {
    Version version;
    cache.read(sector * kSector, version.bytes.data(), kSector);
    version.failed = failed;
    pending[sector].push_back(version);
    if (failed) stick(sector);
  }
}

void SimNode::settle(uint64_t offset, uint64_t bytes) {
  if (bytes == 0) return;
  const uint64_t first = offset / kSector;
  const uint64_t end = (offset + bytes + kSector - 1) / kSector;
  if (stuck.empty()) {
    medium.adopt(cache, first * kSector, (end - first) * kSector);
  } else {
    for (uint64_t sector = first; sector < end; ++sector)
      if (!is_stuck(sector)) medium.adopt(cache, sector * kSector, kSector);
  }
  pending.erase(pending.lower_bound(first), pending.lower_bound(end));
  durable_size = std::max(durable_size, offset + bytes);
}

void SimNode::sync() {
  for (auto entry = pending.begin(); entry != pending.end();) {
    if (entry->second.back().failed) {
      ++entry;
      continue;
    }
    if (!is_stuck(entry->first)) medium.adopt(cache, entry->first * kSector, kSector);
    entry = pending.erase(entry);
  }
  durable_size = size;
}

void SimNode::fail_pending(bool buffered) {
  for (auto& entry : pending) {
    for (Version& version : entry.second) version.failed = true;
    if (buffered) stick(entry.first);
  }
}

void SimNode::stick(uint64_t sector) {
  const uint64_t block = sector / kSectorsOfBlock;
  if (medium.next_hole(block * SparseBytes::kBlockBytes) == block * SparseBytes::kBlockBytes)
    stuck.insert(block);
}

void SimNode::drop_cache(uint64_t offset, uint64_t bytes, SimRng& rng) {
  // Whole blocks only, as Linux does, or up to the end of the file.
  const uint64_t first = align_up(offset, SparseBytes::kBlockBytes) / kSector;
  const uint64_t to = std::min(offset + bytes, align_up(size, SparseBytes::kBlockBytes));
  const uint64_t end = to / SparseBytes::kBlockBytes * kSectorsOfBlock;
  for (auto entry = pending.lower_bound(first); entry != pending.end() && entry->first < end;) {
    const std::vector<Version>& versions = entry->second;
    if (!versions.back().failed) {
      ++entry;
      continue;
    }
    const uint64_t kept = rng.below(versions.size() + 1);
    if (!is_stuck(entry->first)) {
      if (kept < versions.size()) medium.write(entry->first * kSector, versions[kept].bytes.data(), kSector);
      cache.adopt(medium, entry->first * kSector, kSector);
    }
    entry = pending.erase(entry);
  }
  const uint64_t end_block = end / kSectorsOfBlock;
  for (auto block = stuck.lower_bound(first / kSectorsOfBlock); block != stuck.end() && *block < end_block;) {
    const auto dirty = pending.lower_bound(*block * kSectorsOfBlock);
    if (dirty != pending.end() && dirty->first < (*block + 1) * kSectorsOfBlock) {
      ++block;
      continue;
    }
    cache.adopt(medium, *block * SparseBytes::kBlockBytes, SparseBytes::kBlockBytes);
    block = stuck.erase(block);
  }
}

namespace {

class SimFile final : public File {
 public:
  SimFile(std::shared_ptr<SimFileSystem::State> state, SimNodePtr node, std::string path,
          const OpenFlags& flags)
      : state_(std::move(state)), node_(std::move(node)), path_(std::move(path)), flags_(flags) {}

  Status read(uint64_t offset, void* buffer, size_t bytes, size_t* got) override {
    *got = 0;
    state_->call_hook(kSimRead, path_);
    std::lock_guard<std::mutex> guard(state_->mutex);
    bool done = false;
    Status status = state_->begin_simple(kSimRead, "pread", path_, &done);
    if (done) return status;
    if (misaligned(offset, buffer, bytes)) return Status::io(EINVAL, "pread", path_);
    if (offset >= node_->size) return Status();
    *got = static_cast<size_t>(std::min<uint64_t>(bytes, node_->size - offset));
    node_->cache.read(offset, buffer, *got);
    return Status();
  }

  Status write(uint64_t offset, const IoSlice* slices, size_t count) override {
    std::vector<uint8_t> data;
    bool aligned = true;
    for (size_t i = 0; i < count; ++i) {
      const auto* const from = static_cast<const uint8_t*>(slices[i].data);
      aligned = aligned && !misaligned(offset, from, slices[i].bytes);
      data.insert(data.end(), from, from + slices[i].bytes);
    }
    if (flags_.direct) state_->call_hook(kSimWrite, path_);

    std::unique_lock<std::mutex> lock(state_->mutex);
    SimFileSystem::State::Verdict verdict;
    WALDO_TRY(state_->begin(kSimWrite, "pwritev", path_, &verdict));
    if (!flags_.write) return Status::io(EBADF, "pwritev", path_);
    if (!aligned) return Status::io(EINVAL, "pwritev", path_);
    if (verdict.crash) {
      state_->in_flight.node = node_;
      state_->in_flight.offset = offset;
      state_->in_flight.data = std::move(data);
      return sim_lost_power("pwritev", path_);
    }
    if (verdict.fault) return fail_write(*verdict.fault, offset, data);
    const bool waits = !flags_.direct && state_->hook != nullptr;
    if (flags_.dsync && !waits) {
      node_->store(offset, data.data(), data.size());
    } else {
      node_->write(offset, data.data(), data.size());
    }
    if (waits) {
      lock.unlock();
      state_->call_hook(kSimWrite, path_);
      lock.lock();
      if (state_->crashed) return sim_lost_power("pwritev", path_);
    }
    if (flags_.dsync) node_->settle(offset, data.size());
    return Status();
  }

  Status sync() override {
    state_->call_hook(kSimSync, path_);
    std::lock_guard<std::mutex> guard(state_->mutex);
    SimFileSystem::State::Verdict verdict;
    WALDO_TRY(state_->begin(kSimSync, "fdatasync", path_, &verdict));
    if (verdict.crash) return sim_lost_power("fdatasync", path_);
    if (verdict.fault && verdict.fault->sys_errno == 0) return Status();
    if (verdict.fault) {
      node_->fail_pending(!flags_.direct);
      return Status::io(verdict.fault->sys_errno, "fdatasync", path_);
    }
    node_->sync();
    return Status();
  }

  void drop_cache(uint64_t offset, uint64_t bytes) override {
    std::lock_guard<std::mutex> guard(state_->mutex);
    if (!flags_.direct && !state_->crashed) node_->drop_cache(offset, bytes, state_->rng);
  }

  Status allocate(uint64_t bytes) override {
    state_->call_hook(kSimAllocate, path_);
    std::lock_guard<std::mutex> guard(state_->mutex);
    SimFileSystem::State::Verdict verdict;
    WALDO_TRY(state_->begin(kSimAllocate, "fallocate", path_, &verdict));
    if (!flags_.write) return Status::io(EBADF, "fallocate", path_);
    if (verdict.crash) {
      state_->in_flight.node = node_;
      state_->in_flight.grow_to = bytes;
      return sim_lost_power("fallocate", path_);
    }
    if (verdict.fault) {
      return verdict.fault->sys_errno == 0 ? Status()
                                           : Status::io(verdict.fault->sys_errno, "fallocate", path_);
    }
    node_->size = std::max(node_->size, bytes);
    return Status();
  }

  Status size(uint64_t* bytes) override {
    state_->call_hook(kSimInspect, path_);
    std::lock_guard<std::mutex> guard(state_->mutex);
    bool done = false;
    Status status = state_->begin_simple(kSimInspect, "fstat", path_, &done);
    if (done) return status;
    *bytes = node_->size;
    return Status();
  }

  Status next_hole(uint64_t from, uint64_t* offset) override {
    state_->call_hook(kSimInspect, path_);
    std::lock_guard<std::mutex> guard(state_->mutex);
    bool done = false;
    Status status = state_->begin_simple(kSimInspect, "lseek", path_, &done);
    if (done) return status;
    *offset = node_->size;
    if (state_->tells_holes && from < node_->size) {
      *offset = std::min(node_->size, node_->cache.next_hole(from));
    }
    return Status();
  }

  const std::string& path() const override { return path_; }

 private:
  bool misaligned(uint64_t offset, const void* buffer, size_t bytes) const {
    if (!flags_.direct) return false;
    const uint64_t alignment = state_->probe.alignment;
    return offset % alignment != 0 || bytes % alignment != 0 ||
           reinterpret_cast<uintptr_t>(buffer) % alignment != 0;
  }

  // What a failed write leaves behind; see "Failures" in sim_file_system.h.
  Status fail_write(const SimFault& fault, uint64_t offset, const std::vector<uint8_t>& data) {
    const Status failure = fault.sys_errno == 0 ? Status() : Status::io(fault.sys_errno, "pwritev", path_);
    uint64_t kept = data.size();
    if (fault.prefix) {
      kept = std::min(kept, *fault.prefix);
    } else if (fault.sys_errno != EIO) {
      kept = state_->rng.between(0, kept);
    }
    if (!flags_.direct) {
      node_->write(offset, data.data(), kept, fault.sys_errno == EIO);
      return failure;
    }
    for (uint64_t at = 0; at < kept; at += SimNode::kSector) {
      if (!fault.prefix && state_->rng.one_in(2)) continue;
      const uint64_t part = std::min(SimNode::kSector, kept - at);
      node_->store(offset + at, data.data() + at, part);
      node_->settle(offset + at, part);
    }
    return failure;
  }

  std::shared_ptr<SimFileSystem::State> state_;
  SimNodePtr node_;
  std::string path_;
  OpenFlags flags_;
};

}  // namespace

std::unique_ptr<File> make_sim_file(std::shared_ptr<SimFileSystem::State> state, SimNodePtr node,
                                    const std::string& path, const OpenFlags& flags) {
  return std::make_unique<SimFile>(std::move(state), std::move(node), path, flags);
}

}  // namespace waldo
