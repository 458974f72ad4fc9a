#include "life.h"

#include <algorithm>
#include <cstring>

#include "check.h"

namespace waldo::crash {

namespace {

uint64_t tip_of(const Ring& ring) { return ring.bounds().tip; }

// What the ring is now: where pages begin, how far they reach, what may be trimmed next.
void observe(const Ring& ring, const Scenario& scenario, Model* model) {
  const RingInfo info = ring.info();
  model->extents.resize(scenario.options.ring_size);
  for (const PageInfo& page : info.pages) {
    model->page_starts[page.state.page_no] = page.state.prev_seq_no;
    model->extents[page.slot] = page.state.end_offset;
  }
  model->newest_page = info.bounds.page;
  // The next append may begin a page, in the oldest one's place.
  const uint64_t next = model->newest_page + 1;
  const uint64_t pages = scenario.options.ring_size;
  model->latest_trim = info.bounds.after;
  if (next < pages) return;
  const auto oldest = model->page_starts.find(next - pages + 1);
  if (oldest != model->page_starts.end()) model->latest_trim = std::max(model->latest_trim, oldest->second);
}

class Packer {
 public:
  Packer(const Scenario& scenario, Model* model, SimRng& rng, uint64_t tip, bool empty)
      : scenario_(scenario), model_(model), rng_(rng), tip_(tip), empty_(empty) {}

  // A frame at `at` of the slab, sealed.
  Status pack(const std::shared_ptr<Slab>& slab, size_t* at, PackedFrame* frame) {
    const size_t start = *at;
    size_t end = start + sizeof(FrameHeader);
    const uint64_t logs = scenario_.equal_bytes ? scenario_.most_logs : rng_.between(1, scenario_.most_logs);
    for (uint64_t i = 0; i < logs; ++i) {
      SubmittedLog log = next_log();
      const LogHeader header{log.seq_no, log.prev_seq_no, static_cast<uint32_t>(log.payload.size()), 0};
      std::memcpy(slab->data() + end, &header, sizeof(header));
      std::memcpy(slab->data() + end + sizeof(header), log.payload.data(), log.payload.size());
      end += log_stride(log.payload.size());
      model_->logs.push_back(std::move(log));
    }
    frame->slab = slab;
    frame->data = slab->data() + start;
    frame->frame_bytes = static_cast<uint32_t>(end - start);
    frame->padded_bytes = static_cast<uint32_t>(align_up(end - start, scenario_.options.alignment));
    frame->log_count = static_cast<uint32_t>(logs);
    *at = start + frame->padded_bytes;
    return seal_body(frame);
  }

 private:
  SubmittedLog next_log() {
    SubmittedLog log;
    log.prev_seq_no = tip_;
    log.seq_no = tip_ + 1 + (scenario_.most_skipped ? rng_.below(scenario_.most_skipped) : 0);
    if (empty_) log.seq_no = std::max(log.seq_no, scenario_.first_seq_no);
    empty_ = false;
    const uint64_t bytes =
        scenario_.equal_bytes ? scenario_.equal_bytes : rng_.between(0, scenario_.most_bytes);
    log.payload = payload_of(log.seq_no, model_->attempt, bytes);
    tip_ = log.seq_no;
    return log;
  }

  const Scenario& scenario_;
  Model* const model_;
  SimRng& rng_;
  uint64_t tip_;
  bool empty_;
};

Status move_cursor(Ring& ring, Model* model, uint64_t position) {
  model->cursor_asked = position;
  WALDO_TRY(ring.commit_cursor(kCursor, position));
  model->cursor = position;
  return Status();
}

Status open_cursor(Ring& ring, const Scenario& scenario, Model* model) {
  if (!scenario.cursor) return Status();
  CursorState state;
  const uint64_t start = model->cursor_there ? 0 : ring.bounds().after;
  if (!model->cursor_there) model->cursor_asked = start;
  WALDO_TRY(ring.open_cursor(kCursor, &scenario.hold, start, &state));
  model->cursor_there = true;
  model->cursor = model->cursor_asked = state.position;
  return Status();
}

std::string opened(const Ring& ring, const Scenario& scenario, Model* model) {
  const std::string wrong = check_bounds(ring.bounds(), *model, scenario);
  if (!wrong.empty()) return wrong;
  const uint64_t tip = tip_of(ring);
  model->truncate(tip);
  // What was recovered is made durable before anybody sees it.
  model->acknowledged = model->witnessed = tip;
  model->attempt += 1;
  observe(ring, scenario, model);
  return "";
}

}  // namespace

Status append_group(Ring& ring, const Scenario& scenario, Model* model, SimRng& rng) {
  static thread_local const auto slabs = SlabPool::create(64 * 1024, 2, false);
  const auto slab = slabs->take();
  const Bounds bounds = ring.bounds();
  Packer packer(scenario, model, rng, bounds.tip, bounds.empty);
  std::vector<PackedFrame> frames(rng.between(1, scenario.most_frames));
  size_t at = 0;
  for (PackedFrame& frame : frames) WALDO_TRY(packer.pack(slab, &at, &frame));
  for (size_t done = 0; done < frames.size();) {
    size_t written = 0;
    const uint64_t before = tip_of(ring);
    const Status status = ring.append(frames.data() + done, frames.size() - done, &written);
    if (!status.ok()) {
      // A ring that is full has written nothing: what is not there was not submitted.
      if (status.error().code == Code::kFull) model->truncate(tip_of(ring));
      return status;
    }
    done += written;
    if (scenario.dsync()) {
      model->witnessed = std::max(model->witnessed, before);
      model->acknowledged = tip_of(ring);
    }
    observe(ring, scenario, model);
  }
  return Status();
}

std::string live(SimFileSystem& fs, const Scenario& scenario, Model* model, SimRng& rng) {
  std::unique_ptr<Ring> ring;
  const Status status = Ring::open(fs, kDirectory, scenario.options, &ring);
  if (!status.ok()) return fs.crashed() ? "" : "open failed: " + status.error().message;
  const std::string wrong = opened(*ring, scenario, model);
  if (!wrong.empty()) return wrong;
  const Status cursor = open_cursor(*ring, scenario, model);
  if (!cursor.ok()) return fs.crashed() ? "" : "opening the cursor failed: " + cursor.error().message;
  const uint64_t groups = rng.below(scenario.most_groups);
  for (uint64_t i = 0; i < groups && !fs.crashed(); ++i) {
    Status appended = append_group(*ring, scenario, model, rng);
    if (!appended.ok() && !fs.crashed()) {
      if (appended.error().code != Code::kFull) return "append failed: " + appended.error().message;
      appended = move_cursor(*ring, model, tip_of(*ring));
    }
    if (appended.ok() && rng.one_in(12) && ring->persist_watermark().ok()) {
      model->acknowledged = model->witnessed = tip_of(*ring);
    }
    if (appended.ok() && scenario.cursor && rng.one_in(6)) {
      (void)move_cursor(*ring, model, rng.between(model->cursor, tip_of(*ring)));
    }
  }
  if (!fs.crashed() && rng.one_in(3) && ring->close().ok())
    model->acknowledged = model->witnessed = tip_of(*ring);
  return "";
}

}  // namespace waldo::crash
