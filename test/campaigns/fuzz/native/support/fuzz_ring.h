// A ring in memory, opened without a thread: appends frames, and reads back everything, checking each link.
#pragma once

#include <memory>
#include <string>

#include "ring.h"
#include "support/memory_files.h"

namespace waldo::fuzz {

constexpr char kDirectory[] = "/ring";

// 3 pages of 64 KiB, frames of at most 16 KiB, sectors of 512 bytes, many index entries.
RingOptions small_ring();
Geometry small_geometry();

// What a reader that goes on behind every gap has seen.
struct Seen {
  uint64_t logs = 0;
  uint64_t gaps = 0;
  uint64_t last = 0;    // of the newest log, or of the newest gap
  uint32_t digest = 0;  // of numbers and data
  std::string first_gap;
};

class FuzzRing {
 public:
  explicit FuzzRing(MemoryFiles& files);

  Status open(const RingOptions& options);
  Ring& ring() { return *ring_; }
  void drop() { ring_.reset(); }

  // One frame of `logs` logs of `bytes` bytes each, the first of them `step` behind the tip.
  Status append(uint32_t logs, uint32_t bytes, uint64_t step = 1);

  // Reads from the trim point to the tip. What is not linked, out of order or out of bounds ends the program; what
  // is missing must be said to be, by an error that a reader can go on behind.
  Seen read_all();

 private:
  void check_chunk(const ReadChunk& chunk, uint64_t after, Seen* seen) const;

  MemoryFiles& files_;
  std::shared_ptr<SlabPool> slabs_;
  std::unique_ptr<Ring> ring_;
  bool following_ = false;  // another one's writing: what is read may be trimmed
};

}  // namespace waldo::fuzz
