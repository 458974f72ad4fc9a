// Frames in memory: sealing what was packed, and telling a frame from anything else that may lie in its
// place.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "crc32c.h"
#include "format.h"
#include "slab.h"
#include "status.h"

namespace waldo {

using RingId = std::array<uint8_t, 16>;

// A frame packed in a slab, on its way to the disk. The header's place comes first, then the logs.
struct PackedFrame {
  std::shared_ptr<Slab> slab;
  uint8_t* data = nullptr;
  uint32_t frame_bytes = 0;   // header and logs
  uint32_t padded_bytes = 0;  // up to the ring's alignment
  uint32_t log_count = 0;
  uint64_t prev_seq_no = 0;
  uint64_t first_seq_no = 0;
  uint64_t last_seq_no = 0;
  uint32_t body_crc = 0;
};

// Checks the packed logs, computes their CRCs, zeroes the padding and computes the body's CRC. Any thread.
Status seal_body(PackedFrame* frame);

// Writes the header in place; everything but the body is decided only now, when the frame is about to be
// written.
struct FramePlace {
  const RingId* ring_id;
  uint64_t position;
  uint64_t epoch;
  uint64_t durable_seq_no;
  uint32_t prev_frame_crc;
};
// Returns the header's CRC, to which the next frame chains.
uint32_t seal_header(PackedFrame* frame, const FramePlace& place);

// True if `header` is one that this ring wrote for exactly this position; says nothing of the body.
bool header_valid(const FrameHeader& header, const RingId& ring_id, uint64_t position, uint64_t room,
                  uint32_t alignment);

// True if the body is what the header promises, and its logs link up.
bool body_valid(const uint8_t* frame, const FrameHeader& header, uint32_t alignment);

// The CRC of a log in place.
uint32_t log_crc(const uint8_t* log);

inline uint64_t log_stride(uint64_t length) { return align_up(sizeof(LogHeader) + length, kLogAlignment); }

template <typename T>
T load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

// CRC32C of a structure from its `version` field to its end: how headers and the superblock are covered.
template <typename T>
uint32_t crc_of(const T& structure) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&structure);
  return crc32c(0, bytes + offsetof(T, version), sizeof(T) - offsetof(T, version));
}

}  // namespace waldo
