#include "ring.h"

#include <algorithm>

namespace waldo {

Ring::Ring(FileSystem& fs, std::string directory, const RingOptions& options)
    : fs_(fs), directory_(std::move(directory)), options_(options) {}

Ring::~Ring() = default;

Status Ring::append(PackedFrame* frames, size_t count, size_t* written) {
  *written = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_.ok()) return failure_;
  }
  if (closed_ || options_.read_only) return Status::make(Code::kClosed, "the ring is not open for appending");
  Status status = guarded([&] { return append_group(frames, count, written); });
  // A page that is held is not touched: it can be tried again.
  if (status.ok() || status.error().code == Code::kFull) return status;
  // After a failed write nobody knows what the disk holds. Nothing is retried in place: reopening recovers.
  std::lock_guard<std::mutex> lock(mutex_);
  failure_ = status;
  return status;
}

bool Ring::fits(const Page& page, const PackedFrame& frame) const {
  const PageState& state = page.state();
  if (state.sealed() || state.end_offset + frame.padded_bytes > geometry_.file_capacity) return false;
  if (state.log_count == 0) return true;
  return state.log_count + frame.log_count <= options_.page_capacity && !page.index_overflows();
}

Status Ring::append_group(PackedFrame* frames, size_t count, size_t* written) {
  if (count == 0) return Status();
  if (!fits(current(), frames[0])) WALDO_TRY(rotate());
  Page& page = current();
  const PageState& state = page.state();
  const bool first_of_ring = state.page_no == 0 && state.frame_count == 0;
  uint64_t tip = state.last_seq_no;
  uint64_t offset = state.end_offset;
  uint64_t logs = state.log_count;
  uint32_t frame_crc = state.last_frame_crc;
  std::vector<IoSlice> slices;
  size_t taken = 0;
  for (; taken < count; ++taken) {
    PackedFrame& frame = frames[taken];
    if (offset + frame.padded_bytes > geometry_.file_capacity) break;
    if (taken > 0) {
      // One entry at the most is left for a group, so that the index cannot overflow in the middle of it.
      if (page.index().size() + taken >= page.index().capacity() ||
          logs + frame.log_count > options_.page_capacity)
        break;
      if (offset - state.end_offset + frame.padded_bytes > kMaxGroupBytes) break;
    }
    if (frame.prev_seq_no != tip && !(first_of_ring && taken == 0)) {
      return Status::make(Code::kInternal, "a frame does not follow the ring's tip " + std::to_string(tip));
    }
    frame_crc = seal_header(
        &frame, {&geometry_.ring_id, page.position_of(offset), epoch_, synced_seq_no_, frame_crc});
    if (!slices.empty() &&
        static_cast<const uint8_t*>(slices.back().data) + slices.back().bytes == frame.data) {
      slices.back().bytes += frame.padded_bytes;
    } else {
      slices.push_back({frame.data, frame.padded_bytes});
    }
    tip = frame.last_seq_no;
    logs += frame.log_count;
    offset += frame.padded_bytes;
  }
  WALDO_TRY(preparer_->wait(page.slot(), offset));
  WALDO_TRY(page.file().write(kPageDataOffset + state.end_offset, slices.data(), slices.size()));
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (size_t i = 0; i < taken; ++i) page.add_frame(state.end_offset, load<FrameHeader>(frames[i].data));
    ++commits_;
    frames_written_ += taken;
  }
  publish(kHeadLive);
  *written = taken;
  if (options_.dsync) {
    synced_seq_no_ = tip;
  }
  return options_.dsync ? checkpoint_if_due() : Status();
}

Status Ring::checkpoint_if_due() {
  Page& page = current();
  if (page.state().end_offset - page.persisted_offset() < kCheckpointBytes) return Status();
  if (std::chrono::steady_clock::now() - persisted_at_ < kCheckpointInterval) return Status();
  return persist(page, 0);
}

// Header and index of a page, after everything they speak of.
Status Ring::persist(Page& page, uint32_t extra_flags) {
  if (!options_.dsync) {
    WALDO_TRY(page.file().sync());
    if (&page == &current()) {
      synced_seq_no_ = page.state().last_seq_no;
    }
  }
  WALDO_TRY(page.persist(extra_flags, epoch_));
  persisted_at_ = std::chrono::steady_clock::now();
  return options_.dsync ? Status() : page.file().sync();
}

// Seals the newest page and begins the next in the oldest one's place.
Status Ring::rotate() {
  Page& old = current();
  const uint32_t slot = (old.slot() + 1) % geometry_.ring_size;
  Page& next = *pages_[slot];
  if (options_.honour_holds && next.state().used) WALDO_TRY(check_not_held(next));
  // The next file is made before this page is sealed: a sealed page without one behind it has lost one.
  preparer_->request(slot, next.state().end_offset);
  WALDO_TRY(preparer_->wait(slot, 0));
  if (!old.state().sealed()) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      old.state().flags |= kPageSealed;
    }
    WALDO_TRY(persist(old, 0));
  }
  std::unique_ptr<File> file;
  if (!next.is_open())
    WALDO_TRY(fs_.open(directory_ + "/" + page_file_name(slot), page_flags(options_.dsync), &file));
  {
    // From here on readers find the old logs trimmed; nothing is overwritten before.
    std::lock_guard<std::mutex> lock(mutex_);
    if (file) next.attach(std::move(file));
    next.reset(old.state().page_no + 1, old.state().last_seq_no, old.state().last_frame_crc);
    current_slot_ = slot;
  }
  publish(kHeadLive);
  WALDO_TRY(persist(next, 0));
  const uint32_t after = (slot + 1) % geometry_.ring_size;
  preparer_->request(after, pages_[after]->state().end_offset);
  return Status();
}

Status Ring::persist_watermark() {
  if (closed_ || options_.read_only || !failure().ok()) return Status();
  Page& page = current();
  if (page.persisted_offset() == page.state().end_offset) return Status();
  Status status = guarded([&] { return persist(page, 0); });
  if (status.ok()) return status;
  std::lock_guard<std::mutex> lock(mutex_);
  failure_ = status;
  return status;
}

Status Ring::close() {
  if (closed_) return Status();
  closed_ = true;
  Status status;
  if (!options_.read_only) {
    preparer_->stop();
    // After a failure there is nothing to add. Without `dsync`, what was appended before it never became
    // durable.
    const Status failed = failure();
    if (failed.ok())
      status = guarded([&] { return persist(current(), kPageClean); });
    else if (!options_.dsync)
      status = failed;
  }
  if (!options_.read_only) publish(kHeadClosed);
  lock_.reset();
  return status;
}

Status Ring::failure() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return failure_;
}

Bounds Ring::bounds() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return bounds_locked();
}

Bounds Ring::bounds_locked() const {
  Bounds bounds;
  const PageState& newest = pages_[current_slot_]->state();
  bounds.tip = newest.last_seq_no;
  bounds.page = newest.page_no;
  bounds.after = newest.prev_seq_no;
  bounds.empty = newest.begins_ring();
  const uint64_t oldest = geometry_.oldest_page(newest.page_no);
  for (uint64_t no = newest.page_no; no > oldest; --no) {
    const PageState& state = pages_[(no - 1) % geometry_.ring_size]->state();
    if (!state.used || state.page_no != no - 1) break;
    bounds.after = state.prev_seq_no;
  }
  return bounds;
}

RingInfo Ring::info() const {
  std::lock_guard<std::mutex> lock(mutex_);
  RingInfo info;
  info.geometry = geometry_;
  info.bounds = bounds_locked();
  info.epoch = epoch_;
  info.commits = commits_;
  info.direct = direct_;
  info.recovery = report_;
  for (const auto& page : pages_) {
    if (page->is_open()) info.disk_bytes += geometry_.file_bytes();
    if (!page->state().used) continue;
    info.log_count += page->state().log_count;
    info.index_count += page->index().size();
    const uint64_t first = page->index().size() == 0 ? 0 : page->index().data()->seq_no;
    info.pages.push_back({page->state(), page->slot(), first, page->index().size()});
  }
  std::sort(info.pages.begin(), info.pages.end(),
            [](const PageInfo& a, const PageInfo& b) { return a.state.page_no < b.state.page_no; });
  return info;
}

}  // namespace waldo
