#include "page_scanner.h"

#include <algorithm>

namespace waldo {

Status PageScanner::load(uint64_t offset, uint64_t bytes, const uint8_t** data, uint64_t* available) {
  const uint64_t capacity = page_.geometry().file_capacity;
  const uint64_t end = std::min(capacity, offset + bytes);
  if (offset < window_offset_ || end > window_offset_ + window_bytes_) {
    const uint64_t wanted = align_up(std::max(kWindowBytes, bytes), kMaxAlignment);
    if (!window_ || window_->bytes() < wanted) WALDO_TRY(map_buffer(wanted, &window_));
    size_t got = 0;
    const uint64_t count = std::min(wanted, capacity - offset);
    WALDO_TRY(page_.file().read(kPageDataOffset + offset, window_->data(), count, &got));
    window_offset_ = offset;
    window_bytes_ = got;
    bytes_read_ += got;
    if (got < count) file_end_ = offset + got;
  }
  *data = window_->data() + (offset - window_offset_);
  *available =
      window_offset_ + window_bytes_ > offset ? std::min(end, window_offset_ + window_bytes_) - offset : 0;
  return Status();
}

Status PageScanner::probe(uint64_t offset, FrameProbe* probe) {
  const Geometry& geometry = page_.geometry();
  *probe = FrameProbe();
  probe->offset = offset;
  if (offset >= geometry.file_capacity) return Status();
  const uint8_t* data = nullptr;
  uint64_t available = 0;
  WALDO_TRY(load(offset, geometry.alignment, &data, &available));
  if (available < sizeof(FrameHeader) || waldo::load<uint32_t>(data) != kFrameMagic) return Status();
  const auto header = waldo::load<FrameHeader>(data);
  const uint64_t room = geometry.file_capacity - offset;
  const uint64_t position = page_no_ * geometry.file_capacity + offset;
  if (!header_valid(header, geometry.ring_id, position, room, geometry.alignment)) return Status();
  probe->header = header;
  probe->padded_bytes = align_up(header.frame_bytes, geometry.alignment);
  WALDO_TRY(load(offset, probe->padded_bytes, &data, &available));
  const bool whole = available == probe->padded_bytes && body_valid(data, header, geometry.alignment);
  probe->state = whole ? FrameState::kValid : FrameState::kTornBody;
  probe->frame = data;
  return Status();
}

Status PageScanner::next_valid(uint64_t offset, uint64_t limit, FrameProbe* found) {
  for (;; offset = found->offset + page_.geometry().alignment) {
    WALDO_TRY(next_header(offset, limit, found));
    if (found->state != FrameState::kTornBody) return Status();
  }
}

Status PageScanner::next_header(uint64_t offset, uint64_t limit, FrameProbe* found) {
  limit = std::min(limit, page_.geometry().file_capacity);
  for (; offset < limit && offset < file_end_; offset += page_.geometry().alignment) {
    WALDO_TRY(probe(offset, found));
    if (found->state != FrameState::kNone) return Status();
  }
  *found = FrameProbe();
  return Status();
}

}  // namespace waldo
