// Aligned buffers that logs are packed into, written from and read into; recycled so that pages stay mapped
// and warm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "status.h"

namespace waldo {

enum class HugePages { kNone, kTransparent, kExplicit };

class SlabPool;
class Slab;

// A buffer of its own for reading or writing a file, aligned as a slab is.
Status map_buffer(size_t bytes, std::unique_ptr<Slab>* buffer);

// One anonymous mapping, aligned to memory pages, hidden from forked children: a fork while the device
// reads from it would otherwise copy pages under the writer.
class Slab {
 public:
  ~Slab();
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  uint8_t* data() const { return data_; }
  size_t bytes() const { return bytes_; }

  // nullptr when memory is out.
  static std::unique_ptr<Slab> map(size_t bytes, HugePages huge);

 private:
  Slab(uint8_t* data, size_t bytes) : data_(data), bytes_(bytes) {}
  uint8_t* data_;
  size_t bytes_;
};

// Hands out slabs of one size; a slab comes back by itself when its last owner lets go of it. Any thread.
class SlabPool : public std::enable_shared_from_this<SlabPool> {
 public:
  // Keeps at most `keep` slabs for reuse. With `reserved`, on huge pages that the machine has set aside, if
  // there are any; otherwise on transparent ones, if the size is a multiple of theirs.
  static std::shared_ptr<SlabPool> create(size_t slab_bytes, size_t keep, bool reserved);

  std::shared_ptr<Slab> take();                    // of the pool's size; nullptr when memory is out
  std::shared_ptr<Slab> take(size_t bytes) const;  // of another size, never recycled

  size_t slab_bytes() const { return slab_bytes_; }
  HugePages huge_pages() const { return huge_; }

 private:
  SlabPool(size_t slab_bytes, size_t keep, HugePages huge)
      : slab_bytes_(slab_bytes), keep_(keep), huge_(huge) {}
  void give_back(std::unique_ptr<Slab> slab);

  const size_t slab_bytes_;
  const size_t keep_;
  const HugePages huge_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Slab>> free_;
};

}  // namespace waldo
