#include "support/fuzz_ring.h"

#include <algorithm>
#include <cstring>

#include "support/require.h"

namespace waldo::fuzz {

namespace {
constexpr uint32_t kFrameBytes = 16 * 1024;
constexpr size_t kReadBytes = 8 * 1024;
}  // namespace

RingOptions small_ring() {
  RingOptions options;
  options.ring_size = 3;
  options.file_capacity = 64 * 1024;
  options.index_capacity = 64;
  options.index_spacing = {2 * 1024, 16};
  options.buf_capacity = kFrameBytes;
  options.alignment = 512;
  options.background = false;
  options.holder = "a fuzzer";
  for (size_t i = 0; i < options.ring_id.size(); ++i) options.ring_id[i] = static_cast<uint8_t>(i + 1);
  return options;
}

Geometry small_geometry() {
  const RingOptions options = small_ring();
  Geometry geometry;
  geometry.ring_id = options.ring_id;
  geometry.ring_size = options.ring_size;
  geometry.alignment = options.alignment;
  geometry.file_capacity = options.file_capacity;
  geometry.index_capacity = options.index_capacity;
  geometry.spacing = options.index_spacing;
  return geometry;
}

FuzzRing::FuzzRing(MemoryFiles& files) : files_(files), slabs_(SlabPool::create(kFrameBytes, 0, false)) {}

Status FuzzRing::open(const RingOptions& options) {
  following_ = options.cancelled != nullptr;
  ring_.reset();
  return Ring::open(files_, kDirectory, options, &ring_);
}

Status FuzzRing::append(uint32_t logs, uint32_t bytes, uint64_t step) {
  uint64_t prev = ring_->bounds().tip;
  PackedFrame frame;
  frame.slab = slabs_->take();
  frame.data = frame.slab->data();
  size_t end = sizeof(FrameHeader);
  for (uint32_t i = 0; i < logs; ++i) {
    const LogHeader header{prev + (i == 0 ? step : 1), prev, bytes, 0};
    std::memcpy(frame.data + end, &header, sizeof(header));
    std::memset(frame.data + end + sizeof(header), static_cast<int>('a' + header.seq_no % 26), bytes);
    end += log_stride(bytes);
    prev = header.seq_no;
  }
  frame.log_count = logs;
  frame.frame_bytes = static_cast<uint32_t>(end);
  frame.padded_bytes = static_cast<uint32_t>(align_up(end, ring_->geometry().alignment));
  WALDO_TRY(seal_body(&frame));
  size_t written = 0;
  WALDO_TRY(ring_->append(&frame, 1, &written));
  return written == 1 ? Status() : Status::make(Code::kInternal, "nothing was written");
}

void FuzzRing::check_chunk(const ReadChunk& chunk, uint64_t after, Seen* seen) const {
  FUZZ_REQUIRE(chunk.start <= chunk.end && chunk.end <= chunk.slab->bytes(), "a chunk leaves its slab");
  FUZZ_REQUIRE(chunk.count > 0, "a chunk without a log");
  const uint8_t* const data = chunk.slab->data();
  size_t at = chunk.start;
  uint64_t prev = chunk.prev_seq_no;
  FUZZ_REQUIRE(prev <= after, "a chunk begins behind a gap that nobody told");
  for (uint32_t i = 0; i < chunk.count; ++i) {
    FUZZ_REQUIRE(chunk.end - at >= sizeof(LogHeader), "a chunk ends inside a log's header");
    const auto log = load<LogHeader>(data + at);
    FUZZ_REQUIRE(log.length <= kMaxLogBytes && log_stride(log.length) <= chunk.end - at,
                 "a log leaves its chunk");
    FUZZ_REQUIRE(log.prev_seq_no == prev && log.seq_no > prev && log.seq_no <= kMaxSeqNo,
                 "logs are not linked");
    if (i == 0) FUZZ_REQUIRE(log.seq_no == chunk.first_seq_no, "a chunk names another log as its first");
    if (log.seq_no > after) {
      seen->digest = crc32c(seen->digest, &log, offsetof(LogHeader, crc));
      seen->digest = crc32c(seen->digest, data + at + sizeof(LogHeader), log.length);
      seen->logs += 1;
    }
    prev = log.seq_no;
    at += log_stride(log.length);
  }
  FUZZ_REQUIRE(at == chunk.end && prev == chunk.last_seq_no, "a chunk does not end with its last log");
  FUZZ_REQUIRE(prev > after, "a chunk has nothing new");
}

Seen FuzzRing::read_all() {
  Seen seen;
  const Bounds bounds = ring_->bounds();
  uint64_t after = bounds.after;
  for (;;) {
    ReadChunk chunk;
    Ring::Fetched fetched;
    Status status = ring_->fetch(after, kReadBytes, *slabs_, &fetched);
    if (status.ok()) status = ring_->check(fetched, *slabs_, &chunk);
    if (!status.ok()) {
      const Error& error = status.error();
      if (error.code == Code::kTrimmed && following_) break;  // the head has moved on
      FUZZ_REQUIRE(error.code == Code::kCorrupt, error.message);
      if (!ring_->failure().ok()) break;
      FUZZ_REQUIRE(error.lost && error.lost->first == after + 1 && error.lost->last > after, error.message);
      if (seen.gaps++ == 0) seen.first_gap = error.message;
      after = error.lost->last;
      continue;
    }
    if (!chunk.slab) break;
    check_chunk(chunk, after, &seen);
    after = chunk.last_seq_no;
  }
  seen.last = after;
  return seen;
}

}  // namespace waldo::fuzz
