// The on-disk format: every constant and every structure that reaches the disk, read by writer and reader
// alike. docs/format.md teaches it with a worked example. All integers are little-endian.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace waldo {

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "waldo's format is little-endian and is written in place: big-endian hosts are not supported"
#endif

constexpr uint16_t kFormatVersion = 1;

// Any alignment a device may ask of O_DIRECT, and the size of a memory page on the platforms served.
constexpr uint32_t kMinAlignment = 512;
constexpr uint32_t kMaxAlignment = 4096;

// --- RING: the superblock, two copies on sectors of their own, never both in one write -------------------

constexpr char kSuperblockMagic[8] = {'W', 'A', 'L', 'D', 'O', 'R', 'N', 'G'};
constexpr uint32_t kSuperblockCopyStride = 4096;
constexpr uint32_t kSuperblockCopies = 2;
constexpr uint32_t kSuperblockFileBytes = kSuperblockCopyStride * kSuperblockCopies;

struct Superblock {
  char magic[8];
  uint32_t crc;         // CRC32C of the bytes from `version` to the end of the structure
  uint16_t version;     // kFormatVersion
  uint16_t bytes;       // sizeof(Superblock)
  uint8_t ring_id[16];  // ULID
  uint64_t generation;  // grows by one a write; the valid copy with the greater one counts
  uint64_t epoch;       // of the newest open: counter in the high half, random in the low half
  uint32_t ring_size;
  uint32_t alignment;
  uint64_t file_capacity;    // bytes of frames in a page
  uint32_t index_capacity;   // entries in a page
  uint32_t max_frame_bytes;  // the longest frame that any open could have written
  uint8_t reserved[48];      // zero
};
static_assert(sizeof(Superblock) == 120 && offsetof(Superblock, version) == 12 &&
                  offsetof(Superblock, generation) == 32,
              "the superblock has no hidden padding");
static_assert(sizeof(Superblock) <= kMinAlignment, "a superblock copy fits the smallest sector");

// --- NNNNNNNNNN.page: header copies, frames, index -------------------------------------------------------

constexpr uint32_t kPageMagic = 0x45474157;  // "WAGE"
constexpr uint32_t kPageHeaderCopyStride = 4096;
constexpr uint32_t kPageHeaderCopies = 2;
constexpr uint32_t kPageDataOffset = kPageHeaderCopyStride * kPageHeaderCopies;

enum PageFlags : uint32_t {
  kPageSealed = 1,    // no frame will follow in this page
  kPageClean = 2,     // the ring was closed: end_offset is exactly the end of the log
  kPageSalvaged = 4,  // damage in this page was accepted by an open with `salvage`
};

struct PageHeader {
  uint32_t magic;  // kPageMagic
  uint32_t crc;    // CRC32C of the bytes from `version` to the end of the structure
  uint16_t version;
  uint16_t bytes;  // sizeof(PageHeader)
  uint32_t flags;  // PageFlags
  uint8_t ring_id[16];
  uint64_t page_no;     // 0, 1, 2 …; lies in slot page_no % ring_size
  uint64_t generation;  // grows by one a write of this slot's header
  uint64_t epoch;       // of the open that wrote this copy
  // What precedes the page: its first frame must chain to these.
  uint64_t prev_seq_no;
  uint32_t prev_frame_crc;
  // A point up to which everything was durable when this copy was written: a witness against bit rot. The
  // index on disk covers the frames before it.
  uint32_t last_frame_crc;  // header CRC of the last frame before end_offset, or prev_frame_crc
  uint64_t end_offset;      // within the page's frames
  uint64_t last_seq_no;     // or prev_seq_no if the page has no log
  uint64_t log_count;
  uint32_t frame_count;
  uint32_t index_count;  // entries persisted
  uint32_t index_crc;    // CRC32C of those entries
  uint32_t reserved;     // zero
};
static_assert(sizeof(PageHeader) == 112 && offsetof(PageHeader, version) == 8,
              "the page header has no hidden padding");
static_assert(sizeof(PageHeader) <= kMinAlignment, "a page header copy fits the smallest sector");

struct IndexEntry {
  uint64_t seq_no;  // of the frame's first log
  uint64_t offset;  // of the frame within the page's frames
};
static_assert(sizeof(IndexEntry) == 16, "index entries are packed");

// --- frames: what one commit writes ----------------------------------------------------------------------

constexpr uint32_t kFrameMagic = 0x4d524657;  // "WFRM"

struct FrameHeader {
  uint32_t magic;       // kFrameMagic
  uint32_t header_crc;  // CRC32C of the bytes from `version` on; covers body_crc, hence the whole frame
  uint16_t version;
  uint16_t bytes;        // sizeof(FrameHeader)
  uint32_t frame_bytes;  // header and logs, without the zeros that pad the frame to the ring's alignment
  uint32_t log_count;
  uint32_t body_crc;        // CRC32C of everything after the header, padding included
  uint32_t prev_frame_crc;  // header_crc of the frame before: the chain
  uint32_t reserved;        // zero
  uint8_t ring_id[16];
  uint64_t position;     // page_no * file_capacity + offset: where the frame is meant to be
  uint64_t epoch;        // of the open that wrote it
  uint64_t prev_seq_no;  // of the frame's first log
  uint64_t first_seq_no;
  uint64_t last_seq_no;
  uint64_t durable_seq_no;  // highest sequence number known durable when the frame was written
};
static_assert(sizeof(FrameHeader) == 96 && offsetof(FrameHeader, version) == 8,
              "the frame header has no hidden padding");

struct LogHeader {
  uint64_t seq_no;
  uint64_t prev_seq_no;
  uint32_t length;  // of the data, which follows, zero-padded to kLogAlignment
  uint32_t crc;     // CRC32C of the 20 bytes before this field, then of the data
};
static_assert(sizeof(LogHeader) == 24 && offsetof(LogHeader, crc) == 20,
              "the log header has no hidden padding");

constexpr uint32_t kLogAlignment = 8;
static_assert(sizeof(FrameHeader) % kLogAlignment == 0 && sizeof(LogHeader) % kLogAlignment == 0,
              "logs stay aligned");

// --- TAIL: the frames at the tip while recovery writes them again ----------------------------------------

constexpr char kTailCopyMagic[8] = {'W', 'A', 'L', 'D', 'O', 'T', 'L', '1'};
constexpr uint32_t kTailCopyDataOffset = 4096;

struct TailCopyHeader {
  char magic[8];
  uint32_t crc;      // CRC32C of the bytes from `version` to the end of the structure, then of the frames
  uint16_t version;  // kFormatVersion
  uint16_t bytes;    // sizeof(TailCopyHeader)
  uint8_t ring_id[16];
  uint64_t page_no;
  uint64_t offset;  // of the frames within the page's frames
  uint64_t frame_bytes;
};
static_assert(sizeof(TailCopyHeader) == 56 && offsetof(TailCopyHeader, version) == 12,
              "the header has no hidden padding");
static_assert(sizeof(TailCopyHeader) <= kTailCopyDataOffset, "the header fits in front of the frames");

// --- cursors/NAME.cursor: a durable reading position, two copies on sectors of their own ------------------

constexpr char kCursorMagic[8] = {'W', 'A', 'L', 'D', 'O', 'C', 'U', 'R'};
constexpr uint32_t kCursorCopyStride = 4096;
constexpr uint32_t kCursorCopies = 2;
constexpr size_t kMaxCursorName = 64;
constexpr size_t kMaxCursors = 1024;

enum CursorFlags : uint32_t {
  kCursorHolds = 1,  // pages with logs that it has not passed are not recycled
};

struct CursorRecord {
  char magic[8];
  uint32_t crc;      // CRC32C of the bytes from `version` to the end of the structure
  uint16_t version;  // kFormatVersion
  uint16_t bytes;    // sizeof(CursorRecord)
  uint8_t ring_id[16];
  uint64_t generation;  // grows by one a write; the valid copy with the greater one counts
  uint64_t position;    // the logs up to it are done with; 0 before all
  uint32_t flags;       // CursorFlags
  uint32_t reserved;    // zero
};
static_assert(sizeof(CursorRecord) == 56 && offsetof(CursorRecord, version) == 12,
              "the record has no hidden padding");

// --- head: how far a ring is durable, for readers in other processes; in memory that they share, not durable ----

constexpr char kHeadMagic[8] = {'W', 'A', 'L', 'D', 'O', 'H', 'E', 'D'};

enum HeadPhase : uint32_t {
  kHeadOpening = 1,  // a writer is recovering the ring
  kHeadLive = 2,
  kHeadClosed = 3,
};

struct Head {
  char magic[8];
  uint32_t crc;      // CRC32C of the bytes from `version` to the end of the structure
  uint16_t version;  // kFormatVersion
  uint16_t bytes;    // sizeof(Head)
  uint8_t ring_id[16];
  uint32_t phase;  // HeadPhase
  uint32_t empty;  // 1: no log was ever appended
  uint64_t epoch;  // of the writer
  uint64_t page_no;
  uint64_t end_offset;  // of what is durable in that page
  uint64_t tip;         // the newest durable log
  uint64_t giving_up;   // logs up to this number may be overwritten at any moment
};
static_assert(sizeof(Head) == 80 && offsetof(Head, version) == 12, "the head has no hidden padding");

// --- limits ----------------------------------------------------------------------------------------------

constexpr uint32_t kMaxLogBytes = 1024 * 1024;
constexpr uint64_t kMaxSeqNo = (uint64_t{1} << 53) - 1;  // what a JavaScript number holds exactly
constexpr uint64_t kMaxGeneration = UINT64_MAX;          // no copy has it: the next one could not be greater
constexpr uint32_t kMinFrameCapacity = 4096;
constexpr uint32_t kMaxFrameCapacity = 64 * 1024 * 1024;
constexpr uint64_t kMinFileCapacity = 64 * 1024;
constexpr uint64_t kMaxFileCapacity = uint64_t{1} << 40;
constexpr uint32_t kMaxRingSize = 1024;
constexpr uint32_t kMaxIndexCapacity = 1u << 24;
static_assert(kMinFrameCapacity >= kMaxAlignment, "a frame capacity is a whole number of sectors");
static_assert(kMinFileCapacity >= kMinFrameCapacity && kMinFileCapacity % kMaxAlignment == 0,
              "a frame fits a page");

// One write (one group of frames) is in flight at a time, and is no longer than this or than one frame:
// what is torn by a crash lies within this distance of the tip.
constexpr uint64_t kMaxGroupBytes = 8 * 1024 * 1024;
// An open reads at least this much of the newest frames again, and more only behind the last checkpoint.
constexpr uint64_t kTailScanBytes = 16 * 1024 * 1024;
// The index of the newest page is persisted after so many bytes, so that a scan after a crash is bounded, but
// no more often than the interval says: on a disk where that is much, it is read again as quickly.
constexpr uint64_t kCheckpointBytes = 16 * 1024 * 1024;
constexpr std::chrono::milliseconds kCheckpointInterval{20};

constexpr uint64_t align_up(uint64_t n, uint64_t alignment) {
  return (n + alignment - 1) / alignment * alignment;
}

constexpr uint64_t index_area_bytes(uint64_t index_capacity) {
  return align_up(index_capacity * sizeof(IndexEntry), kMaxAlignment);
}

constexpr uint64_t page_file_bytes(uint64_t file_capacity, uint64_t index_capacity) {
  return kPageDataOffset + file_capacity + index_area_bytes(index_capacity);
}

}  // namespace waldo
