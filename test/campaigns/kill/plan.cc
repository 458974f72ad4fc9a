// What the seed decides: options of rings, moments of kills.
#include <algorithm>
#include <sstream>

#include "life.h"

namespace waldo::kill {

namespace {

// As many short ones as long ones: 2^lowest … 2^highest.
uint32_t spread(SimRng& rng, uint32_t lowest, uint32_t highest) {
  const uint64_t power = uint64_t{1} << rng.between(lowest, highest);
  return static_cast<uint32_t>(power + rng.below(power));
}

}  // namespace

const char* name_of(Report::Kind kind) {
  static constexpr const char* kNames[Report::kKinds] = {"start",        "opened",  "submit",
                                                         "acknowledged", "turning", "cursor asked",
                                                         "cursor done",  "closing", "closed"};
  return kNames[kind];
}

void Kept::take(const Report& report) {
  switch (report.kind) {
    case Report::kOpened:
      // What was not recovered is void; what was is served to readers from now on.
      submitted.attempts.resize(report.last);
      submitted.acknowledged = report.last;
      trimmed = report.after;
      cursor_done = cursor_asked = report.cursor;
      closed = clean = false;
      break;
    case Report::kSubmit:
      submitted.attempts.resize(report.last, submitted.attempt);
      break;
    case Report::kAcknowledged:
      submitted.acknowledged = std::max(submitted.acknowledged, report.last);
      trimmed = std::max(trimmed, report.after);
      break;
    case Report::kCursorAsk:
      cursor_asked = report.last;
      break;
    case Report::kCursorDone:
      cursor_made = true;
      cursor_done = report.last;
      break;
    case Report::kClosed:
      trimmed = std::max(trimmed, report.after);
      closed = clean = true;
      break;
    default:
      break;
  }
}

Moment draw_moment(SimRng& rng) {
  Moment moment;
  switch (rng.below(8)) {
    case 0:  // while it starts, opens, recovers, checks
      moment.delay_us = spread(rng, 5, 11);
      break;
    case 1:
      moment = {Report::kOpened, 1, spread(rng, 0, 10)};
      break;
    case 2:
    case 3:
      moment = {Report::kAcknowledged, spread(rng, 0, 6), static_cast<uint32_t>(rng.below(100))};
      break;
    case 4:
      moment = {Report::kSubmit, spread(rng, 0, 6), static_cast<uint32_t>(rng.below(60))};
      break;
    case 5:
      moment = {Report::kTurning, spread(rng, 0, 2), static_cast<uint32_t>(rng.below(120))};
      break;
    case 6:
      moment = {Report::kCursorAsk, spread(rng, 0, 4), static_cast<uint32_t>(rng.below(60))};
      break;
    default:
      moment = {Report::kClosing, 1, static_cast<uint32_t>(rng.below(200))};
      break;
  }
  return moment;
}

RingPlan draw_ring(SimRng& rng) {
  RingPlan plan;
  RingOptions& options = plan.options;
  options = test::small_ring();
  options.ring_size = static_cast<uint32_t>(rng.between(2, 5));
  options.file_capacity = rng.one_in(4) ? 128 * 1024 : 64 * 1024;
  options.alignment = rng.one_in(3) ? 4096 : 512;
  options.dsync = !rng.one_in(4);
  options.direct = rng.one_in(2) ? DirectIo::kOff : DirectIo::kAuto;
  options.background = !rng.one_in(4);
  options.honour_holds = rng.one_in(3);
  options.index_capacity = rng.one_in(3) ? 17 : 129;
  options.index_spacing = {rng.one_in(2) ? 1024u : 8192u, 16};
  if (rng.one_in(4)) options.page_capacity = rng.between(20, 200);
  if (rng.one_in(3)) {
    options.buf_capacity = 64 * 1024;
    plan.max_frames = 12;
    plan.large_frames = true;
  }
  plan.on_disk = rng.one_in(8);
  plan.kills = static_cast<uint32_t>(rng.between(40, 160));
  return plan;
}

std::string RingPlan::describe() const {
  std::ostringstream text;
  text << "ring_size " << options.ring_size << ", file_capacity " << options.file_capacity
       << ", page_capacity " << options.page_capacity << ", buf_capacity " << options.buf_capacity
       << ", alignment " << options.alignment << ", index_capacity " << options.index_capacity
       << ", index_spacing " << options.index_spacing.bytes << ", dsync " << options.dsync << ", direct "
       << (options.direct == DirectIo::kOff ? "off" : "auto") << ", background " << options.background
       << ", honour_holds " << options.honour_holds << (on_disk ? ", on disk" : ", in memory");
  return text.str();
}

}  // namespace waldo::kill
