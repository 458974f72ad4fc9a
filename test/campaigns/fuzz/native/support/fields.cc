#include "support/fields.h"

#include "format.h"

namespace waldo::fuzz {

#define FIELD(type, name) \
  { offsetof(type, name), sizeof(type::name) }

const std::vector<Field>& fields_of(Structure structure) {
  static const auto* const all = new std::vector<std::vector<Field>>{
      {FIELD(Superblock, magic), FIELD(Superblock, crc), FIELD(Superblock, version), FIELD(Superblock, bytes),
       FIELD(Superblock, ring_id), FIELD(Superblock, generation), FIELD(Superblock, epoch),
       FIELD(Superblock, ring_size), FIELD(Superblock, alignment), FIELD(Superblock, file_capacity),
       FIELD(Superblock, index_capacity), FIELD(Superblock, max_frame_bytes)},
      {FIELD(PageHeader, magic), FIELD(PageHeader, crc), FIELD(PageHeader, version), FIELD(PageHeader, bytes),
       FIELD(PageHeader, flags), FIELD(PageHeader, ring_id), FIELD(PageHeader, page_no),
       FIELD(PageHeader, generation), FIELD(PageHeader, epoch), FIELD(PageHeader, prev_seq_no),
       FIELD(PageHeader, prev_frame_crc), FIELD(PageHeader, last_frame_crc), FIELD(PageHeader, end_offset),
       FIELD(PageHeader, last_seq_no), FIELD(PageHeader, log_count), FIELD(PageHeader, frame_count),
       FIELD(PageHeader, index_count), FIELD(PageHeader, index_crc)},
      {FIELD(FrameHeader, magic), FIELD(FrameHeader, header_crc), FIELD(FrameHeader, version),
       FIELD(FrameHeader, bytes), FIELD(FrameHeader, frame_bytes), FIELD(FrameHeader, log_count),
       FIELD(FrameHeader, body_crc), FIELD(FrameHeader, prev_frame_crc), FIELD(FrameHeader, ring_id),
       FIELD(FrameHeader, position), FIELD(FrameHeader, epoch), FIELD(FrameHeader, prev_seq_no),
       FIELD(FrameHeader, first_seq_no), FIELD(FrameHeader, last_seq_no), FIELD(FrameHeader, durable_seq_no)},
      {FIELD(LogHeader, seq_no), FIELD(LogHeader, prev_seq_no), FIELD(LogHeader, length),
       FIELD(LogHeader, crc)},
      {FIELD(IndexEntry, seq_no), FIELD(IndexEntry, offset)},
      {FIELD(TailCopyHeader, magic), FIELD(TailCopyHeader, crc), FIELD(TailCopyHeader, version),
       FIELD(TailCopyHeader, bytes), FIELD(TailCopyHeader, ring_id), FIELD(TailCopyHeader, page_no),
       FIELD(TailCopyHeader, offset), FIELD(TailCopyHeader, frame_bytes)},
      {FIELD(Head, magic), FIELD(Head, crc), FIELD(Head, version), FIELD(Head, bytes), FIELD(Head, ring_id),
       FIELD(Head, phase), FIELD(Head, empty), FIELD(Head, epoch), FIELD(Head, page_no),
       FIELD(Head, end_offset), FIELD(Head, tip), FIELD(Head, giving_up)},
  };
  return (*all)[static_cast<size_t>(structure)];
}

#undef FIELD

const std::vector<uint64_t>& telling_values() {
  static const auto* const values = new std::vector<uint64_t>{
      0,
      1,
      2,
      3,
      sizeof(LogHeader),
      sizeof(FrameHeader),
      sizeof(FrameHeader) + sizeof(LogHeader),
      kMinAlignment,
      kMaxAlignment,
      kMinFileCapacity - kMinAlignment,
      kMinFileCapacity,
      kMinFileCapacity + kMaxAlignment,
      kMaxLogBytes,
      kMaxLogBytes + 1,
      kMaxFrameCapacity,
      kMaxFrameCapacity + 1,
      kMaxRingSize,
      kMaxIndexCapacity,
      kMaxFileCapacity,
      (uint64_t{1} << 31) - 1,
      uint64_t{1} << 31,
      UINT32_MAX - 1,
      UINT32_MAX,
      uint64_t{1} << 32,
      (uint64_t{UINT32_MAX} << 32) - 1,
      uint64_t{UINT32_MAX} << 32,
      kMaxSeqNo - 1,
      kMaxSeqNo,
      kMaxSeqNo + 1,
      (uint64_t{1} << 63) - 1,
      uint64_t{1} << 63,
      UINT64_MAX - 1,
      UINT64_MAX,
  };
  return *values;
}

}  // namespace waldo::fuzz
