#include "frame.h"

namespace waldo {

uint32_t log_crc(const uint8_t* log) {
  const auto header = load<LogHeader>(log);
  const uint32_t crc = crc32c(0, log, offsetof(LogHeader, crc));
  return crc32c(crc, log + sizeof(LogHeader), header.length);
}

Status seal_body(PackedFrame* frame) {
  static_assert(offsetof(LogHeader, crc) == kNestedHeadBytes && kLogAlignment == 8);
  uint8_t* const body = frame->data + sizeof(FrameHeader);
  const uint64_t bytes = frame->frame_bytes - sizeof(FrameHeader);
  uint64_t offset = 0;
  uint64_t prev = 0;
  uint32_t body_crc = 0;
  for (uint32_t i = 0; i < frame->log_count; ++i) {
    if (bytes - offset < sizeof(LogHeader))
      return Status::make(Code::kInternal, "a packed frame ends inside a log header");
    uint8_t* const log = body + offset;
    const auto header = load<LogHeader>(log);
    const uint64_t stride = log_stride(header.length);
    if (header.length > kMaxLogBytes || stride > bytes - offset) {
      return Status::make(Code::kInternal, "a packed log is longer than its frame");
    }
    if (header.seq_no <= header.prev_seq_no || header.seq_no > kMaxSeqNo ||
        (i > 0 && header.prev_seq_no != prev)) {
      return Status::make(Code::kInternal, "packed logs do not follow one another");
    }
    if (const uint32_t part = header.length % kLogAlignment; part != 0) {
      uint8_t* const last = log + stride - kLogAlignment;
      const uint64_t padded = load<uint64_t>(last) & ((uint64_t{1} << part * 8) - 1);
      std::memcpy(last, &padded, sizeof(padded));
    }
    const auto [crc, outer] = crc32c_nested(body_crc, log, log + sizeof(LogHeader), header.length);
    std::memcpy(log + offsetof(LogHeader, crc), &crc, sizeof(crc));
    body_crc = outer;
    if (i == 0) {
      frame->first_seq_no = header.seq_no;
      frame->prev_seq_no = header.prev_seq_no;
    }
    prev = header.seq_no;
    offset += stride;
  }
  if (frame->log_count == 0 || offset != bytes)
    return Status::make(Code::kInternal, "a packed frame does not end with its last log");
  frame->last_seq_no = prev;
  std::memset(frame->data + frame->frame_bytes, 0, frame->padded_bytes - frame->frame_bytes);
  frame->body_crc = crc32c(body_crc, body + bytes, frame->padded_bytes - frame->frame_bytes);
  return Status();
}

uint32_t seal_header(PackedFrame* frame, const FramePlace& place) {
  FrameHeader header{};
  header.magic = kFrameMagic;
  header.version = kFormatVersion;
  header.bytes = sizeof(FrameHeader);
  header.frame_bytes = frame->frame_bytes;
  header.log_count = frame->log_count;
  header.body_crc = frame->body_crc;
  header.prev_frame_crc = place.prev_frame_crc;
  std::memcpy(header.ring_id, place.ring_id->data(), sizeof(header.ring_id));
  header.position = place.position;
  header.epoch = place.epoch;
  header.prev_seq_no = frame->prev_seq_no;
  header.first_seq_no = frame->first_seq_no;
  header.last_seq_no = frame->last_seq_no;
  header.durable_seq_no = place.durable_seq_no;
  header.header_crc = crc_of(header);
  std::memcpy(frame->data, &header, sizeof(header));
  return header.header_crc;
}

bool header_valid(const FrameHeader& header, const RingId& ring_id, uint64_t position, uint64_t room,
                  uint32_t alignment) {
  if (header.magic != kFrameMagic || header.position != position || header.version != kFormatVersion)
    return false;
  if (header.bytes != sizeof(FrameHeader) || header.header_crc != crc_of(header)) return false;
  if (std::memcmp(header.ring_id, ring_id.data(), ring_id.size()) != 0) return false;
  if (header.frame_bytes < sizeof(FrameHeader) + sizeof(LogHeader) || header.frame_bytes > kMaxFrameCapacity)
    return false;
  if (header.log_count == 0 ||
      header.log_count > (header.frame_bytes - sizeof(FrameHeader)) / sizeof(LogHeader))
    return false;
  return header.prev_seq_no < header.first_seq_no && header.first_seq_no <= header.last_seq_no &&
         header.last_seq_no <= kMaxSeqNo && align_up(header.frame_bytes, alignment) <= room;
}

bool body_valid(const uint8_t* frame, const FrameHeader& header, uint32_t alignment) {
  const uint8_t* const body = frame + sizeof(FrameHeader);
  const uint64_t bytes = header.frame_bytes - sizeof(FrameHeader);
  if (crc32c(0, body, align_up(header.frame_bytes, alignment) - sizeof(FrameHeader)) != header.body_crc)
    return false;
  // A CRC is no authentication: lengths are checked before anybody follows them.
  uint64_t offset = 0;
  uint64_t prev = header.prev_seq_no;
  for (uint32_t i = 0; i < header.log_count; ++i) {
    if (bytes - offset < sizeof(LogHeader)) return false;
    const auto log = load<LogHeader>(body + offset);
    if (log.length > kMaxLogBytes || log_stride(log.length) > bytes - offset) return false;
    if (log.prev_seq_no != prev || log.seq_no <= prev || (i == 0 && log.seq_no != header.first_seq_no))
      return false;
    prev = log.seq_no;
    offset += log_stride(log.length);
  }
  return offset == bytes && prev == header.last_seq_no;
}

}  // namespace waldo
