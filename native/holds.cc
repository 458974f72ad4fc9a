// Durable cursors of a ring, and what those that hold pages back mean for its writer.
//
// A cursor that is made while the page it wants to hold is about to be recycled: the writer first says what it
// is giving up, then looks at the cursors; who makes a holding cursor first makes it durable, then looks at what
// is being given up. Whichever comes second sees the other.
#include <algorithm>
#include <thread>

#include "ring.h"

namespace waldo {

namespace {

constexpr std::chrono::milliseconds kPause{1};
// A scan of the cursors' files may be this old where it decides nothing that cannot be undone.
constexpr std::chrono::milliseconds kScanAge{5};

std::string held_message(const std::string& name, uint64_t position, uint64_t tip) {
  return "the ring is full: cursor " + name + " holds the logs after " + std::to_string(position) + ", " +
         std::to_string(tip - std::min(tip, position)) + " behind the tip";
}

}  // namespace

// A cursor that the ring has passed was let go: nothing is left for it to hold.
bool Ring::holds_page(const CursorState& cursor, const PageState& page) {
  if (cursor.damaged) return true;  // it may hold anything, until somebody deletes it
  if (!cursor.hold || cursor.foreign) return false;
  return cursor.position < page.last_seq_no && (cursor.position >= page.prev_seq_no || page.page_no == 0);
}

Status Ring::check_not_held(const Page& page) {
  uint64_t before = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    before = giving_up_;
    giving_up_ = page.state().last_seq_no;
  }
  publish(kHeadLive);
  std::vector<CursorState> states;
  Status status = cursors_->list(&states);
  if (status.ok()) {
    for (const CursorState& state : states) {
      if (!holds_page(state, page.state())) continue;
      status = Status::make(Code::kFull, held_message(state.name, state.position, bounds().tip));
      break;
    }
  }
  if (status.ok()) return status;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    giving_up_ = before;
  }
  publish(kHeadLive);
  return status;
}

Status Ring::open_cursor(const std::string& name, const bool* hold, uint64_t start, CursorState* state) {
  bool created = false;
  WALDO_TRY(cursors_->open(name, hold, start, state, &created));
  if (!created || !state->hold) return Status();
  for (;;) {
    Head head{};
    bool beside = head_reader_ && head_reader_->read(&head) && is_news(head);
    if (beside) WALDO_TRY(refresh());
    // A writer that died gives up nothing any more: the next one looks at the cursors before it does.
    beside = beside && !fs_.check_unlocked(directory_ + "/LOCK").ok();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (state->position >= (beside ? head.giving_up : giving_up_)) return Status();
      if (state->position < bounds_locked().after) break;
    }
    std::this_thread::sleep_for(kPause);
  }
  (void)cursors_->remove(name);
  std::lock_guard<std::mutex> lock(mutex_);
  return trimmed(state->position);
}

Status Ring::commit_cursor(const std::string& name, uint64_t position) {
  const uint64_t tip = bounds().tip;
  if (position > tip) {
    return Status::make(Code::kCursor, "cursor " + name + " cannot be at " + std::to_string(position) +
                                           ": the newest log is " + std::to_string(tip));
  }
  return cursors_->commit(name, position);
}

Status Ring::room(Room* room) {
  std::vector<CursorState> states;
  WALDO_TRY(cursors_->list(&states, kScanAge));
  std::lock_guard<std::mutex> lock(mutex_);
  const PageState& newest = pages_[current_slot_]->state();
  room->frames = frames_written_;
  room->page_bytes = newest.sealed() ? 0 : geometry_.file_capacity - newest.end_offset;
  room->holder.clear();
  uint64_t held = newest.page_no;
  for (uint64_t no = geometry_.oldest_page(newest.page_no); no < newest.page_no && room->holder.empty();
       ++no) {
    const PageState& page = pages_[no % geometry_.ring_size]->state();
    if (!page.used || page.page_no != no) continue;
    for (const CursorState& state : states) {
      if (!holds_page(state, page)) continue;
      held = no;
      room->holder = state.name;
      room->position = state.position;
      break;
    }
  }
  room->free_pages = held + geometry_.ring_size - newest.page_no - 1;
  return Status();
}

}  // namespace waldo
