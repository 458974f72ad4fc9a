// Where frames begin in a page, for one frame in many: an entry at the page's first frame, then whenever
// enough bytes or enough logs have passed since the last one. Frames are the unit because they are what a
// CRC covers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "crc32c.h"
#include "format.h"

namespace waldo {

struct IndexSpacing {
  uint64_t bytes = 64 * 1024;
  uint64_t count = 4096;
};

class SparseIndex {
 public:
  SparseIndex(uint32_t capacity, IndexSpacing spacing) : capacity_(capacity), spacing_(spacing) {}

  // True if the next frame needs an entry for which there is no room: the page is full then.
  bool overflows() const { return due() && entries_.size() >= capacity_; }

  void add(uint64_t first_seq_no, uint64_t offset, uint64_t bytes, uint64_t logs) {
    if (due() && entries_.size() < capacity_) {
      entries_.push_back({first_seq_no, offset});
      crc_ = crc32c(crc_, &entries_.back(), sizeof(IndexEntry));
      bytes_since_ = 0;
      logs_since_ = 0;
    }
    bytes_since_ += bytes;
    logs_since_ += logs;
  }

  // The offset of the last indexed frame that begins at or before `seq_no`; 0 if there is none.
  uint64_t floor(uint64_t seq_no) const {
    auto after =
        std::upper_bound(entries_.begin(), entries_.end(), seq_no,
                         [](uint64_t wanted, const IndexEntry& entry) { return wanted < entry.seq_no; });
    return after == entries_.begin() ? 0 : std::prev(after)->offset;
  }

  // Takes entries read from disk, which cover the frames before `end_offset`. False if they cannot be an
  // index.
  bool load(const IndexEntry* entries, size_t count, uint64_t end_offset) {
    if (count > capacity_) return false;
    for (size_t i = 0; i < count; ++i) {
      if (entries[i].offset >= end_offset) return false;
      if (i > 0 && (entries[i].seq_no <= entries[i - 1].seq_no || entries[i].offset <= entries[i - 1].offset))
        return false;
    }
    entries_.assign(entries, entries + count);
    crc_ = crc32c(0, entries_.data(), count * sizeof(IndexEntry));
    bytes_since_ = count == 0 ? 0 : end_offset - entries_.back().offset;
    logs_since_ = 0;  // unknown; the next entry may come a little late
    return true;
  }

  void clear() {
    entries_.clear();
    crc_ = 0;
    bytes_since_ = logs_since_ = 0;
  }

  const IndexEntry* data() const { return entries_.data(); }
  size_t size() const { return entries_.size(); }
  uint32_t crc() const { return crc_; }  // of all entries
  uint32_t capacity() const { return capacity_; }

 private:
  bool due() const {
    return entries_.empty() || bytes_since_ >= spacing_.bytes || logs_since_ >= spacing_.count;
  }

  uint32_t capacity_;
  IndexSpacing spacing_;
  std::vector<IndexEntry> entries_;
  uint32_t crc_ = 0;
  uint64_t bytes_since_ = 0;
  uint64_t logs_since_ = 0;
};

}  // namespace waldo
