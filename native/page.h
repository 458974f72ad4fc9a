// One file of the ring: header copies, frames, and the persisted index. What is in it and where, not when
// to write it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "file.h"
#include "format.h"
#include "frame.h"
#include "slab.h"
#include "sparse_index.h"

namespace waldo {

// What every page of a ring shares.
struct Geometry {
  RingId ring_id{};
  uint32_t ring_size = 0;
  uint32_t alignment = 0;
  uint64_t file_capacity = 0;
  uint32_t index_capacity = 0;
  IndexSpacing spacing;

  uint64_t index_offset() const { return kPageDataOffset + file_capacity; }
  // The oldest page that a ring whose newest page is `newest` holds.
  uint64_t oldest_page(uint64_t newest) const { return newest + 1 >= ring_size ? newest + 1 - ring_size : 0; }
  uint64_t file_bytes() const { return page_file_bytes(file_capacity, index_capacity); }
};

std::string page_file_name(uint32_t slot);

// Offset and length are multiples of kMaxAlignment.
Status write_zeros(File& file, uint64_t offset, uint64_t bytes);

struct PageState {
  bool used = false;  // false: prepared, and never written to
  uint32_t flags = 0;
  uint64_t page_no = 0;
  uint64_t prev_seq_no = 0;
  uint64_t last_seq_no = 0;
  uint64_t end_offset = 0;
  uint64_t log_count = 0;
  uint32_t frame_count = 0;
  uint32_t prev_frame_crc = 0;
  uint32_t last_frame_crc = 0;

  bool sealed() const { return (flags & kPageSealed) != 0; }
  // Whether a ring whose newest page this is never had a log. One whose logs are all lost has had some.
  bool begins_ring() const { return page_no == 0 && frame_count == 0 && last_seq_no == prev_seq_no; }
};

// Which header copies of a page were valid.
struct HeaderCheck {
  bool valid = false;         // `header` is the newer valid copy
  bool blank = false;         // all zeros: a prepared page
  bool copy_damaged = false;  // one copy is neither valid nor zeros
  bool foreign = false;       // a valid header of another ring, slot or version
  bool alone = false;         // one copy is valid, and the other one is not, whatever it is
  PageHeader header{};
};

class Page {
 public:
  Page(const Geometry& geometry, uint32_t slot)
      : geometry_(geometry), slot_(slot), index_(geometry.index_capacity, geometry.spacing) {}

  // Creates the file under a temporary name, reserves its blocks, zeroes headers and index durably, and
  // puts it in place. The frames are the preparer's to fill.
  static Status create(FileSystem& fs, const std::string& directory, const Geometry& geometry, uint32_t slot,
                       const OpenFlags& flags);

  Status open(FileSystem& fs, const std::string& directory, const OpenFlags& flags);
  void attach(std::unique_ptr<File> file) { file_ = std::move(file); }
  bool is_open() const { return file_ != nullptr; }
  File& file() const { return *file_; }

  Status read_headers(HeaderCheck* check);

  // Takes over what a header says, without the index.
  void adopt(const PageHeader& header);
  // Reads the entries that the header promises; *valid is false if they are damaged.
  Status load_index(const PageHeader& header, bool* valid);

  // Begins to hold page `page_no` instead of what it held; nothing is written.
  void reset(uint64_t page_no, uint64_t prev_seq_no, uint32_t prev_frame_crc);

  // Counts a frame that is in the page now.
  void add_frame(uint64_t offset, const FrameHeader& header);
  bool index_overflows() const { return index_.overflows(); }

  // Writes the index entries that are not on disk yet, then the header with `extra_flags` beside the
  // state's: the other copy than the newest. Leaves the state alone, which other threads may be reading.
  Status persist(uint32_t extra_flags, uint64_t epoch);

  uint32_t slot() const { return slot_; }
  const Geometry& geometry() const { return geometry_; }
  PageState& state() { return state_; }
  const PageState& state() const { return state_; }
  SparseIndex& index() { return index_; }
  const SparseIndex& index() const { return index_; }
  uint64_t persisted_offset() const { return persisted_offset_; }
  uint64_t position_of(uint64_t offset) const { return state_.page_no * geometry_.file_capacity + offset; }

 private:
  Status persist_index();

  Geometry geometry_;
  uint32_t slot_;
  std::unique_ptr<File> file_;
  PageState state_;
  SparseIndex index_;
  uint64_t generation_ = 0;
  size_t index_persisted_ = 0;     // entries known to be on disk
  uint64_t persisted_offset_ = 0;  // end_offset of the newest header on disk
};

}  // namespace waldo
