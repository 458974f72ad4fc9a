#include "operations.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace waldo::faults {

using test::RingDriver;

namespace {
// A few frames a page: an open reads all of them, and there are hundreds of thousands of opens.
constexpr uint64_t kPageLogs = 100;
}  // namespace

RingOptions Subject::options(bool read_only, bool honour_holds) const {
  RingOptions options = test::small_ring();
  options.page_capacity = kPageLogs;
  options.dsync = mode_.dsync;
  options.direct = mode_.direct;
  options.background = mode_.background;
  options.read_only = read_only;
  options.honour_holds = honour_holds;
  return options;
}

// What readers were shown counts as acknowledged, whatever the operation returned.
Status Subject::noted(Status status) {
  if (!ring_ || read_only_) return status;
  promises_.logs.acknowledged = std::max(promises_.logs.acknowledged, ring_->tip());
  if (mode_.dsync) promises_.durable = promises_.logs.acknowledged;
  return status;
}

Status Subject::open(bool read_only, bool honour_holds) {
  promises_.logs.attempt += 1;
  read_only_ = read_only;
  closed_ = false;
  ring_ = std::make_unique<RingDriver>(fs_, directory_, options(read_only, honour_holds), &promises_.logs);
  std::unique_ptr<RingDriver> ring = std::move(ring_);
  WALDO_TRY(ring->open());
  ring_ = std::move(ring);
  promises_.durable = std::max(promises_.durable, ring_->tip());
  return noted(Status());
}

Status Subject::append(uint32_t logs) { return noted(ring_->append(logs)); }

Status Subject::append_group(uint32_t frames, uint32_t logs) {
  return noted(ring_->append_group(frames, logs));
}

Status Subject::append_queued(uint32_t logs) {
  Engine& engine = ring_->engine();
  const uint64_t frames = engine.committed() + 1;
  WALDO_TRY(ring_->submit(1, logs));
  while (engine.committed() < frames && engine.failure().ok())
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  return noted(engine.failure());
}

Status Subject::fill_page() {
  while (ring_->engine().ring().info().pages.back().state.log_count + 10 <= kPageLogs) WALDO_TRY(append(10));
  return Status();
}

Status Subject::next_page() {
  const uint64_t next = ring_->engine().ring().bounds().page + 1;
  while (ring_->engine().ring().bounds().page < next) WALDO_TRY(append(10));
  return Status();
}

Status Subject::close() {
  const uint64_t tip = ring_->tip();
  closed_ = true;
  Status status = ring_->close();
  if (status.ok() && !read_only_ && ring_->engine().failure().ok()) promises_.durable = tip;
  return status;
}

Status Subject::open_cursor(bool hold) {
  const uint64_t start = ring_->engine().ring().bounds().after;
  if (promises_.cursor == Promises::Cursor::kAbsent) {
    promises_.cursor = Promises::Cursor::kPerhaps;
    promises_.position = promises_.asked = start;
  }
  CursorState state;
  WALDO_TRY(ring_->engine().ring().open_cursor(kCursor, &hold, start, &state));
  promises_.cursor = Promises::Cursor::kThere;
  promises_.position = std::max(promises_.position, state.position);
  return Status();
}

Status Subject::commit_cursor(uint64_t position) {
  promises_.asked = std::max(promises_.asked, position);
  WALDO_TRY(ring_->engine().commit_cursor(kCursor, position));
  promises_.position = position;
  return Status();
}

Status Subject::remove_cursor() {
  promises_.cursor = Promises::Cursor::kPerhaps;
  WALDO_TRY(ring_->engine().remove_cursor(kCursor));
  promises_.cursor = Promises::Cursor::kAbsent;
  return Status();
}

Status Subject::read() {
  std::vector<test::StoredLog> logs;
  return ring_->read_from(ring_->engine().ring().bounds().after, &logs);
}

Status Subject::verify() {
  VerifyReport report;
  WALDO_TRY(ring_->engine().ring().verify(&report));
  for (const Problem& problem : report.problems) {
    if (problem.kind != "healed") return Status::corrupt("a verification found: " + problem.message);
  }
  return Status();
}

std::string Subject::check(uint64_t least) {
  const uint64_t tip = ring_->tip();
  if (tip < least)
    return "acknowledged up to " + std::to_string(least) + ", recovered up to " + std::to_string(tip);
  if (tip > promises_.logs.last())
    return "submitted up to " + std::to_string(promises_.logs.last()) + ", recovered up to " +
           std::to_string(tip);
  const std::string wrong = ring_->check();
  if (!wrong.empty()) return wrong;
  std::vector<CursorState> cursors;
  const Status listed = ring_->engine().ring().cursors().list(&cursors);
  if (!listed.ok()) return "the cursors cannot be listed: " + listed.error().message;
  using Cursor = Promises::Cursor;
  if (cursors.empty()) return promises_.cursor == Cursor::kThere ? "the cursor is gone" : "";
  if (promises_.cursor == Cursor::kAbsent) return "a cursor is there that was removed";
  const CursorState& cursor = cursors.front();
  if (cursor.damaged || cursor.foreign) return "the cursor is damaged";
  if (cursor.position >= promises_.position && cursor.position <= promises_.asked) return "";
  return "the cursor is at " + std::to_string(cursor.position) + ", acknowledged was " +
         std::to_string(promises_.position) + ", the farthest asked for " + std::to_string(promises_.asked);
}

namespace {

Status nothing(Subject&) { return Status(); }
Status append_before(Subject& subject) { return subject.append(3); }
Status fill(Subject& subject) { return subject.fill_page(); }
// The ring has not come to its end: the next page's file is yet to be made.
Status fill_first_page(Subject& subject) { return subject.fill_page(); }
Status cursor_before(Subject& subject) { return subject.open_cursor(true); }

Status held_before(Subject& subject) {
  subject.drop();
  WALDO_TRY(subject.open(false, true));
  WALDO_TRY(subject.open_cursor(true));
  WALDO_TRY(subject.fill_page());
  return subject.commit_cursor(subject.ring().tip());
}

Status cursor_closed_before(Subject& subject) {
  WALDO_TRY(subject.open_cursor(true));
  subject.ring().engine().ring().cursors().close(kCursor);
  return Status();
}

Status open_writer(Subject& subject) { return subject.open(); }
Status open_reader(Subject& subject) {
  WALDO_TRY(subject.open(true));
  return subject.read();
}
Status append(Subject& subject) { return subject.append(3); }
Status append_queued(Subject& subject) { return subject.append_queued(5); }
Status group(Subject& subject) { return subject.append_group(3, 5); }
Status watermark(Subject& subject) { return subject.ring().engine().ring().persist_watermark(); }
Status wrap(Subject& subject) { return subject.next_page(); }
Status open_cursor(Subject& subject) { return subject.open_cursor(false); }
Status commit_cursor(Subject& subject) { return subject.commit_cursor(subject.ring().tip()); }
Status remove_cursor(Subject& subject) { return subject.remove_cursor(); }
Status read(Subject& subject) { return subject.read(); }
Status verify(Subject& subject) { return subject.verify(); }
Status close(Subject& subject) { return subject.close(); }

}  // namespace

std::string name_of(const Operation& operation, const Mode& mode) {
  return std::string(operation.name) + "/" + mode.name;
}

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = {
      {"create", Start::kNothing, nullptr, open_writer, false},
      {"open-clean", Start::kClosed, nullptr, open_writer, false},
      {"open-unclosed", Start::kUnclosed, nullptr, open_writer, false},
      {"open-torn", Start::kTorn, nullptr, open_writer, false},
      {"open-tail-copy", Start::kTailCopy, nullptr, open_writer, false},
      {"reader", Start::kClosed, nullptr, open_reader, false},
      {"reader-unclosed", Start::kUnclosed, nullptr, open_reader, false},
      {"append", Start::kClosed, nothing, append, true},
      {"append-first", Start::kNothing, nothing, append, true},
      {"append-queued", Start::kClosed, nothing, append_queued, true},
      {"group", Start::kClosed, nothing, group, true},
      {"watermark", Start::kClosed, append_before, watermark, true},
      {"wrap-new-page", Start::kNothing, fill_first_page, wrap, true},
      {"wrap-recycled-page", Start::kClosed, fill, wrap, true},
      {"wrap-held", Start::kClosed, held_before, wrap, true},
      {"cursor-create", Start::kClosed, nothing, open_cursor, false},
      {"cursor-open", Start::kClosed, cursor_closed_before, open_cursor, false},
      {"cursor-commit", Start::kClosed, cursor_before, commit_cursor, false},
      {"cursor-remove", Start::kClosed, cursor_before, remove_cursor, false},
      {"read", Start::kClosed, nothing, read, false},
      {"verify", Start::kClosed, nothing, verify, false},
      {"close", Start::kClosed, append_before, close, false},
  };
  return all;
}

Status build(Subject& subject, Start start) {
  if (start == Start::kNothing) return Status();
  constexpr uint64_t kLastPage = 5;  // of four: some were reused
  WALDO_TRY(subject.open());
  while (subject.ring().engine().ring().bounds().page < kLastPage) WALDO_TRY(subject.append(20));
  for (int i = 0; i < 5; ++i) WALDO_TRY(subject.append_group(2, 4));
  return start == Start::kClosed ? subject.close() : Status();
}

std::string unclear(const Error& error) {
  if (error.code == Code::kIo) {
    if (error.syscall != nullptr && !error.path.empty() &&
        error.message.find(error.path) != std::string::npos)
      return "";
    return "the error does not name what failed: " + error.message;
  }
  return "a failure of the system is told as code " + std::to_string(static_cast<int>(error.code)) + ": " +
         error.message;
}

std::string examine(FileSystem& fs, const std::string& directory, const Mode& mode, Promises promises,
                    uint64_t least) {
  Subject subject(fs, directory, mode, &promises);
  const uint64_t last = promises.logs.last();
  const Status opened = subject.open();
  if (!opened.ok()) return "open failed: " + opened.error().message;
  if (subject.ring().tip() > last)
    return "submitted up to " + std::to_string(last) + ", recovered up to " +
           std::to_string(subject.ring().tip());
  return subject.check(least);
}

std::string use_again(FileSystem& fs, const std::string& directory, const Mode& mode, Promises promises) {
  Subject subject(fs, directory, mode, &promises);
  for (const auto step : {open_writer, append, close}) {
    const Status status = step(subject);
    if (!status.ok()) return "the ring cannot be used any more: " + status.error().message;
  }
  subject.drop();
  return examine(fs, directory, mode, promises, promises.logs.last());
}

}  // namespace waldo::faults
