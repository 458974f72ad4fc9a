#include "life.h"

#include <algorithm>

namespace waldo::test {

namespace {
constexpr char kCursor[] = "reader";
}  // namespace

Life::Life(const std::string& directory, LifeOptions options, Expected expected, BlockDevice* device)
    : directory_(directory),
      options_(std::move(options)),
      expected_(std::move(expected)),
      device_(device),
      submitted_(expected_.submitted),
      promised_{expected_.submitted.acknowledged, expected_.cursor},
      cursor_last_(expected_.cursor_last) {
  device_->acknowledge(promised_.acknowledged);
  device_->commit_cursor(promised_.cursor);
}

std::string Life::failed(const char* what, const Status& status) {
  if (!failure_) failure_ = status.error();
  const bool allowed = may_fail_ && status.error().code != Code::kCorrupt;
  return allowed ? "" : std::string(what) + ": " + status.error().message;
}

void Life::promise(RingDriver& ring) {
  // Without dsync nothing is promised before close().
  if (options_.ring.dsync) {
    promised_.acknowledged = submitted_.acknowledged;
    device_->acknowledge(promised_.acknowledged);
  }
  trims_.push_back({promised_.acknowledged, ring.engine().ring().bounds().after});
}

std::string Life::run(SimRng& rng, bool may_fail) {
  may_fail_ = may_fail;
  RingDriver ring(posix_file_system(), directory_, options_.ring, &submitted_);
  Status status = ring.open();
  if (!status.ok()) return failed("open", status);
  opened_ = true;
  std::string wrong = look(ring);
  if (!wrong.empty()) return wrong;
  if (failure_) return "";
  // What was served stays.
  submitted_.acknowledged = ring.tip();
  submitted_.attempt += 1;
  promise(ring);
  wrong = append(ring, rng);
  if (!wrong.empty()) return wrong;
  if (ring.tip() < submitted_.acknowledged) return "readers do not see everything acknowledged";
  // Part of what failed may have been written, and shown to readers: it must stay as well.
  submitted_.acknowledged = ring.tip();
  promise(ring);
  if (failure_) return "";  // the filesystem may have given up as a whole, reading included
  wrong = ring.check();
  if (!wrong.empty()) return "after appending: " + wrong;
  status = ring.close();
  if (!status.ok()) return failed("close", status);
  promised_.acknowledged = submitted_.acknowledged;
  device_->acknowledge(promised_.acknowledged);
  return "";
}

std::string Life::look(RingDriver& ring) {
  const Bounds bounds = ring.engine().ring().bounds();
  const uint64_t acknowledged = expected_.submitted.acknowledged;
  if (bounds.tip < acknowledged)
    return "acknowledged " + std::to_string(acknowledged) + ", recovered " + std::to_string(bounds.tip);
  if (bounds.tip > expected_.submitted.last()) {
    return "submitted " + std::to_string(expected_.submitted.last()) + ", recovered " +
           std::to_string(bounds.tip);
  }
  if (bounds.after > expected_.after)
    return "trimmed up to " + std::to_string(bounds.after) + ", not " + std::to_string(expected_.after);
  std::string wrong = ring.check();
  if (!wrong.empty()) return wrong;
  VerifyReport report;
  const Status verified = ring.engine().ring().verify(&report);
  if (!verified.ok()) return failed("verify", verified);
  if (!report.problems.empty()) return "verify: " + report.problems[0].message;
  return options_.cursor_every > 0 ? look_at_cursor(ring) : "";
}

std::string Life::look_at_cursor(RingDriver& ring) {
  CursorState state;
  const Status opened = ring.engine().ring().open_cursor(kCursor, nullptr, 0, &state);
  if (!opened.ok()) return failed("cursor", opened);
  if (state.position < expected_.cursor || state.position > expected_.cursor_last) {
    return "the cursor is at " + std::to_string(state.position) + ", not between " +
           std::to_string(expected_.cursor) + " and " + std::to_string(expected_.cursor_last);
  }
  return "";
}

std::string Life::append(RingDriver& ring, SimRng& rng) {
  for (uint64_t i = 0; i < options_.groups && !device_->record_full(); ++i) {
    const auto frames = static_cast<uint32_t>(1 + rng.below(3));
    Status status = ring.append_group(frames, static_cast<uint32_t>(1 + rng.below(15)));
    if (!status.ok()) {
      const std::string wrong = failed("append", status);
      if (ring.append().ok()) return "an append succeeded after one had failed";
      return wrong;
    }
    promise(ring);
    if (options_.cursor_every > 0 && rng.one_in(options_.cursor_every)) {
      cursor_last_ = ring.tip();
      status = ring.engine().ring().commit_cursor(kCursor, cursor_last_);
      if (!status.ok()) return failed("cursor", status);
      promised_.cursor = cursor_last_;
      device_->commit_cursor(promised_.cursor);
    }
    if (rng.one_in(12)) (void)ring.engine().ring().persist_watermark();
  }
  return "";
}

Expected Life::expected_after(const Marks& promised) const {
  Expected next;
  next.submitted = submitted_;
  next.submitted.acknowledged = promised.acknowledged;
  next.cursor = promised.cursor;
  next.cursor_last = cursor_last_;
  // The append under way may have begun a page.
  next.after = expected_.after;
  for (const Trim& trim : trims_) {
    next.after = trim.after;
    if (trim.acknowledged > promised.acknowledged) break;
  }
  return next;
}

}  // namespace waldo::test
