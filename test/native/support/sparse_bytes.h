// The bytes of a simulated file: blocks, shared by copies until one is written, and holes that read as
// zeros.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
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
      const Block* const block = find(offset / kBlockBytes);
      if (block == nullptr) {
        memset(to, 0, part);
      } else {
        memcpy(to, block->data() + within, part);
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
      memcpy(own(offset / kBlockBytes).data() + within, from, part);
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
      } else if (other.find(index) != nullptr) {
        write(offset, other.find(index)->data() + within, part);
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
    Block& last = own(size / kBlockBytes);
    std::fill(last.begin() + static_cast<ptrdiff_t>(within), last.end(), uint8_t{0});
  }

  // The first byte at or after `from` that lies in a block never written.
  uint64_t next_hole(uint64_t from) const {
    while (find(from / kBlockBytes) != nullptr) from = (from / kBlockBytes + 1) * kBlockBytes;
    return from;
  }

 private:
  using Block = std::array<uint8_t, kBlockBytes>;

  const Block* find(size_t index) const { return index < blocks_.size() ? blocks_[index].get() : nullptr; }

  Block& own(size_t index) {
    if (blocks_.size() <= index) blocks_.resize(index + 1);
    std::shared_ptr<Block>& block = blocks_[index];
    if (block == nullptr) {
      block = std::make_shared<Block>();
      block->fill(0);
    } else if (block.use_count() > 1) {
      block = std::make_shared<Block>(*block);
    }
    return *block;
  }

  std::vector<std::shared_ptr<Block>> blocks_;
};

}  // namespace waldo
