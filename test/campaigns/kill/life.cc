#include "life.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>

namespace waldo::kill {

namespace {

using test::RingDriver;

constexpr char kCursor[] = "consumer";
// Logs on their way to the disk, when the writing thread commits them.
constexpr uint64_t kInFlight = 60;
// A page with less room than this is about to be turned.
constexpr uint64_t kTurningBytes = 8 * 1024;
constexpr std::chrono::milliseconds kLookForHolds{5};

class Writer {
 public:
  Writer(const std::string& directory, const RingPlan& plan, const Moment& moment, Kept kept, uint64_t seed,
         int reports, char* why)
      : plan_(plan),
        moment_(moment),
        kept_(std::move(kept)),
        rng_(seed),
        reports_(reports),
        why_(why),
        ring_(posix_file_system(), directory, plan.options, &kept_.submitted) {
    ring_.before_submit = [this](uint64_t first, uint64_t last) { tell_submit(first, last); };
    ring_.on_progress = [this] { tell_tip(); };
  }

  [[noreturn]] void run() {
    open();
    open_cursor();
    // Honoured holds need somebody who moves the cursor while a commit waits for it.
    const uint64_t style = plan_.options.honour_holds ? 0 : rng_.below(3);
    const uint64_t last = moment_.kind == Report::kClosing ? rng_.below(40) : UINT64_MAX;
    for (uint64_t i = 0; i < last; ++i) {
      if (moment_.kind == Report::kTurning) tell_turning();
      if (style == 0 || (style == 1 && rng_.one_in(2)))
        append_in_flight();
      else
        append_now();
      if (rng_.one_in(moment_.kind == Report::kCursorAsk ? 1 : 8)) commit_cursor();
    }
    close();
  }

 private:
  [[noreturn]] void wrong(const std::string& what) {
    snprintf(why_, kWhyBytes, "%s", what.c_str());
    _exit(kWrong);
  }

  void expect(const Status& status, const char* what) {
    if (!status.ok()) wrong(std::string(what) + ": " + status.error().message);
  }

  void tell(const Report& report) {
    if (write(reports_, &report, sizeof(report)) != sizeof(report)) _exit(0);  // The keeper is gone.
  }

  void tell_kind(Report::Kind kind, uint64_t last = 0) {
    Report report;
    report.kind = kind;
    report.last = last;
    tell(report);
  }

  void tell_submit(uint64_t first, uint64_t last) {
    submitted_ = last;
    Report report;
    report.kind = Report::kSubmit;
    report.first = first;
    report.last = last;
    tell(report);
  }

  // Any thread.
  void tell_tip() {
    const Bounds bounds = ring_.engine().ring().bounds();
    std::lock_guard<std::mutex> lock(mutex_);
    if (bounds.tip > told_) {
      told_ = bounds.tip;
      Report report;
      report.kind = Report::kAcknowledged;
      report.turns = static_cast<uint32_t>(bounds.page - first_page_);
      // A page that is about to be begun may not have taken its predecessor's place yet; one with a log in it has.
      if (bounds.page == told_page_) report.after = bounds.after;
      told_page_ = bounds.page;
      report.last = bounds.tip;
      tell(report);
    }
    progress_.notify_all();
  }

  void tell_turning() {
    const RingInfo info = ring_.engine().ring().info();
    const PageState& page = info.pages.back().state;
    if (page.end_offset + kTurningBytes > info.geometry.file_capacity) tell_kind(Report::kTurning);
  }

  void open();
  void check_bounds(const RingInfo& info, uint64_t submitted);
  void check_cursor(const Bounds& bounds);
  void open_cursor();
  void commit_cursor();
  void append_now();
  void append_in_flight();
  [[noreturn]] void close();

  const RingPlan& plan_;
  const Moment moment_;
  Kept kept_;
  SimRng rng_;
  const int reports_;
  char* const why_;
  RingDriver ring_;
  uint64_t first_page_ = 0;
  uint64_t submitted_ = 0;
  bool cursor_exists_ = false;
  uint64_t cursor_ = 0;
  std::mutex mutex_;
  std::condition_variable progress_;
  uint64_t told_ = 0;
  uint64_t told_page_ = 0;
};

void Writer::open() {
  const uint64_t submitted = kept_.submitted.last();
  expect(ring_.open(), "the ring does not open");
  const RingInfo info = ring_.engine().ring().info();
  check_bounds(info, submitted);
  const std::string found = ring_.check();
  if (!found.empty()) wrong(found);
  VerifyReport verified;
  expect(ring_.engine().ring().verify(&verified), "the ring cannot be verified");
  if (!verified.problems.empty()) wrong("verify finds: " + verified.problems[0].message);
  check_cursor(info.bounds);
  first_page_ = told_page_ = info.bounds.page;
  told_ = submitted_ = info.bounds.tip;
  Report report;
  report.kind = Report::kOpened;
  report.after = info.bounds.after;
  report.last = info.bounds.tip;
  report.cursor = cursor_;
  tell(report);
}

void Writer::check_bounds(const RingInfo& info, uint64_t submitted) {
  const uint64_t tip = info.bounds.tip;
  const uint64_t acknowledged = kept_.submitted.acknowledged;
  if (tip < acknowledged)
    wrong(std::to_string(acknowledged) + " was acknowledged, the tip is " + std::to_string(tip));
  if (tip > submitted)
    wrong(std::to_string(submitted) + " was submitted last, the tip is " + std::to_string(tip));
  if (!info.recovery.gaps.empty()) wrong("recovery reports a gap");
  // Only the oldest page may go, and only for the next one.
  const uint64_t after = info.bounds.after;
  if (after < kept_.trimmed) wrong("logs up to " + std::to_string(kept_.trimmed) + " had been trimmed");
  if (after > 0 && info.pages.size() + 1 < plan_.options.ring_size)
    wrong("of " + std::to_string(plan_.options.ring_size) + " pages " + std::to_string(info.pages.size()) +
          " are left; logs up to " + std::to_string(after) + " are gone");
  for (size_t i = 1; i < info.pages.size(); ++i) {
    const PageState& before = info.pages[i - 1].state;
    if (before.log_count == 0 || info.pages[i].state.page_no != before.page_no + 1)
      wrong("page " + std::to_string(before.page_no) + " has no logs, or none after it");
  }
  if (!kept_.closed) return;
  if (kept_.clean && info.recovery.outcome != RecoveryReport::Outcome::kClean)
    wrong("the ring was closed, and is not clean");
  if (tip != acknowledged || after != kept_.trimmed) wrong("the ring was closed, and has changed since");
}

void Writer::check_cursor(const Bounds& bounds) {
  std::vector<CursorState> cursors;
  expect(ring_.engine().ring().cursors().list(&cursors), "the cursors cannot be listed");
  if (cursors.empty()) {
    if (kept_.cursor_made) wrong("the cursor is gone");
    return;
  }
  const CursorState& cursor = cursors[0];
  cursor_exists_ = true;
  cursor_ = cursor.position;
  if (cursors.size() != 1 || cursor.name != kCursor || cursor.foreign || cursor.damaged)
    wrong("a cursor is damaged");
  if (cursor_ < kept_.cursor_done || cursor_ > kept_.cursor_asked || cursor_ > bounds.tip)
    wrong("the cursor is at " + std::to_string(cursor_) + ": it was at " + std::to_string(kept_.cursor_done) +
          ", asked to be at " + std::to_string(kept_.cursor_asked) + "; the tip is " +
          std::to_string(bounds.tip));
  if (plan_.options.honour_holds && kept_.cursor_made && cursor_ < bounds.after)
    wrong("the cursor at " + std::to_string(cursor_) + " held logs that are gone up to " +
          std::to_string(bounds.after));
}

void Writer::open_cursor() {
  const bool hold = plan_.options.honour_holds;
  if (!cursor_exists_) cursor_ = ring_.tip();
  tell_kind(Report::kCursorAsk, std::max(cursor_, kept_.cursor_asked));
  CursorState state;
  expect(ring_.engine().ring().open_cursor(kCursor, &hold, cursor_, &state), "the cursor does not open");
  cursor_ = state.position;
  tell_kind(Report::kCursorDone, cursor_);
}

void Writer::commit_cursor() {
  const uint64_t tip = ring_.tip();
  cursor_ += rng_.one_in(2) ? tip - cursor_ : rng_.below(tip - cursor_ + 1);
  tell_kind(Report::kCursorAsk, cursor_);
  expect(ring_.engine().commit_cursor(kCursor, cursor_), "the cursor cannot be moved");
  tell_kind(Report::kCursorDone, cursor_);
}

void Writer::append_now() {
  const auto frames = static_cast<uint32_t>(rng_.between(1, plan_.max_frames));
  const auto logs = static_cast<uint32_t>(rng_.between(1, plan_.max_logs));
  expect(ring_.append_group(frames, logs), "an append failed");
  tell_tip();
}

void Writer::append_in_flight() {
  if (plan_.large_frames && rng_.one_in(8)) {
    expect(ring_.submit(1, static_cast<uint32_t>(rng_.between(120, 180))), "a submit failed");
  } else {
    const auto frames = static_cast<uint32_t>(rng_.between(1, plan_.max_frames));
    const auto logs = static_cast<uint32_t>(rng_.between(1, plan_.max_logs));
    expect(ring_.submit(frames, logs), "a submit failed");
  }
  std::unique_lock<std::mutex> lock(mutex_);
  while (submitted_ > told_ + kInFlight) {
    progress_.wait_for(lock, kLookForHolds);
    const bool held = ring_.engine().held();
    lock.unlock();
    if (held) commit_cursor();
    expect(ring_.engine().failure(), "a commit failed");
    lock.lock();
  }
}

void Writer::close() {
  tell_kind(Report::kClosing);
  expect(ring_.close(), "the ring does not close");
  tell_tip();
  Report closed;
  closed.kind = Report::kClosed;
  closed.after = ring_.engine().ring().bounds().after;
  tell(closed);
  ring_.drop();
  _exit(0);
}

}  // namespace

void live(const std::string& directory, const RingPlan& plan, const Moment& moment, Kept kept, uint64_t seed,
          int reports, char* why) {
  Writer(directory, plan, moment, std::move(kept), seed, reports, why).run();
}

}  // namespace waldo::kill
