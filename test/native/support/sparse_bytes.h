// The bytes of a simulated file: blocks, shared by copies until one is written, and holes that read as
// zeros.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace waldo {

class SparseBytes {
 public:
  static constexpr uint64_t kBlockBytes = 4096;

  void read(uint64_t offset, void* out, uint64_t bytes) const {
    auto* to = static_cast<uint8_t*>(out);
    while (bytes > 0) {
      const uint64_t within = offset % kBlockBytes;
      const uint64_t part = std::min(bytes, kBlockBytes - within);
      const uint8_t* const block = find(offset / kBlockBytes);
      if (block == nullptr) {
        memset(to, 0, part);
      } else {
        memcpy(to, block + within, part);
      }
      offset += part;
      to += part;
      bytes -= part;
    }
  }

  void write(uint64_t offset, const void* data, uint64_t bytes) {
    const auto* from = static_cast<const uint8_t*>(data);
    while (bytes > 0) {
      const uint64_t within = offset % kBlockBytes;
      const uint64_t part = std::min(bytes, kBlockBytes - within);
      memcpy(own(offset / kBlockBytes) + within, from, part);
      offset += part;
      from += part;
      bytes -= part;
    }
  }

  // Becomes the same as `other` in that range; whole blocks are shared.
  void adopt(const SparseBytes& other, uint64_t offset, uint64_t bytes) {
    while (bytes > 0) {
      const uint64_t within = offset % kBlockBytes;
      const uint64_t part = std::min(bytes, kBlockBytes - within);
      const size_t index = offset / kBlockBytes;
      if (part == kBlockBytes && index < other.blocks_.size()) {
        if (blocks_.size() <= index) blocks_.resize(index + 1);
        blocks_[index] = other.blocks_[index];
      } else if (part == kBlockBytes && index < blocks_.size()) {
        blocks_[index] = Shared();
      } else if (other.find(index) != nullptr) {
        write(offset, other.find(index) + within, part);
      }
      offset += part;
      bytes -= part;
    }
  }

  // Whatever lies at or after `size` is gone.
  void truncate(uint64_t size) {
    const uint64_t whole = (size + kBlockBytes - 1) / kBlockBytes;
    if (blocks_.size() > whole) blocks_.resize(whole);
    const uint64_t within = size % kBlockBytes;
    if (within == 0 || find(size / kBlockBytes) == nullptr) return;
    uint8_t* const last = own(size / kBlockBytes);
    std::fill(last + within, last + kBlockBytes, uint8_t{0});
  }

  // The first byte at or after `from` that lies in a block never written.
  uint64_t next_hole(uint64_t from) const {
    while (find(from / kBlockBytes) != nullptr) from = (from / kBlockBytes + 1) * kBlockBytes;
    return from;
  }

 private:
  struct Block {
    std::atomic<uint32_t> owners{1};
    std::array<uint8_t, kBlockBytes> bytes;
  };

  // Not std::shared_ptr, whose use_count() does not wait for what another owner has just read.
  class Shared {
   public:
    Shared() = default;
    Shared(const Shared& other) : block_(other.block_) {
      if (block_ != nullptr) block_->owners.fetch_add(1, std::memory_order_relaxed);
    }
    Shared(Shared&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    Shared& operator=(Shared other) {
      std::swap(block_, other.block_);
      return *this;
    }
    ~Shared() {
      if (block_ != nullptr && block_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete block_;
    }

    const uint8_t* data() const { return block_ == nullptr ? nullptr : block_->bytes.data(); }
    // For writing: nobody else sees it.
    uint8_t* own() {
      if (block_ == nullptr || block_->owners.load(std::memory_order_acquire) > 1) {
        Shared copy;
        copy.block_ = new Block;
        if (block_ == nullptr) {
          copy.block_->bytes.fill(0);
        } else {
          copy.block_->bytes = block_->bytes;
        }
        std::swap(block_, copy.block_);
      }
      return block_->bytes.data();
    }

   private:
    Block* block_ = nullptr;
  };

  const uint8_t* find(size_t index) const { return index < blocks_.size() ? blocks_[index].data() : nullptr; }

  uint8_t* own(size_t index) {
    if (blocks_.size() <= index) blocks_.resize(index + 1);
    return blocks_[index].own();
  }

  std::vector<Shared> blocks_;
};

}  // namespace waldo
