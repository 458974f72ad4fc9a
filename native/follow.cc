// Reading a ring while another process writes it. The head says how far the writer has got; what it says is looked up
// on the disk, in page headers, indexes and frames, each of which says itself where it belongs. Nothing is locked and
// nothing is changed.
#include <algorithm>
#include <thread>

#include "ring.h"

namespace waldo {

namespace {

constexpr std::chrono::milliseconds kPause{2};
// How long a writer may take to open the ring, and one that tells nobody how far it is before that is given up.
constexpr std::chrono::seconds kOpeningTime{30};
constexpr std::chrono::seconds kSilentTime{2};
constexpr uint64_t kWalkBytes = 64 * 1024;

bool same(const Head& a, const Head& b) { return std::memcmp(&a, &b, sizeof(Head)) == 0; }

}  // namespace

void Ring::publish(HeadPhase phase) {
  if (!head_writer_) return;
  Head head{};
  head.phase = phase;
  if (!pages_.empty()) {
    std::lock_guard<std::mutex> lock(mutex_);
    const PageState& newest = pages_[current_slot_]->state();
    head.empty = newest.begins_ring() ? 1 : 0;
    head.epoch = epoch_;
    head.page_no = newest.page_no;
    head.end_offset = newest.end_offset;
    head.tip = newest.last_seq_no;
    head.giving_up = giving_up_;
  }
  head_writer_->publish(head);
}

Status Ring::open_read_only() {
  direct_ = options_.direct == DirectIo::kOn;
  const std::string lock_path = directory_ + "/LOCK";
  const auto start = std::chrono::steady_clock::now();
  for (bool first = true;; first = false) {
    bool healed = false;
    WALDO_TRY(SuperblockFile::open(fs_, directory_, false, &superblock_, &healed));
    if (first) {
      WALDO_TRY(adopt_geometry());
      head_reader_ = std::make_unique<HeadReader>(fs_, directory_, geometry_);
    }
    report_ = RecoveryReport();
    if (healed) report_.healed.push_back("RING: one copy of the superblock was damaged");
    Head head{};
    const bool told = head_reader_->find() && head_reader_->read(&head);
    const Status free = fs_.check_unlocked(lock_path);
    if (!free.ok() && free.error().code != Code::kLocked) return free;
    if (free.ok()) {
      Status recovered = open_pages();
      if (recovered.ok()) recovered = recover();
      // Who has begun to write meanwhile explains whatever was found.
      Head later{};
      const bool told_later = head_reader_->find() && head_reader_->read(&later);
      if (fs_.check_unlocked(lock_path).ok() && told == told_later && same(head, later)) return recovered;
    } else {
      bool whole = false;
      if (told && head.phase == kHeadLive) WALDO_TRY(open_beside_writer(head, &whole));
      if (whole) return Status();
      const auto waited = std::chrono::steady_clock::now() - start;
      if (waited > (told && head.phase == kHeadOpening ? kOpeningTime : kSilentTime)) {
        Error error = free.error();
        error.message =
            directory_ + " is being written by " + error.holder +
            (told ? ", which is still opening it" : ", which tells readers nothing: its head is missing");
        return Status(std::move(error));
      }
    }
    if (options_.cancelled != nullptr && *options_.cancelled)
      return Status::make(Code::kClosed, "opening was given up");
    std::this_thread::sleep_for(kPause);
  }
}

Status Ring::open_beside_writer(const Head& head, bool* whole) {
  pages_.clear();
  for (uint32_t slot = 0; slot < geometry_.ring_size; ++slot)
    pages_.push_back(std::make_shared<Page>(geometry_, slot));
  epoch_ = 0;
  report_.outcome = RecoveryReport::Outcome::kLive;
  return adopt(head, whole);
}

// Whether a head is news. One of an earlier writer is not, and neither is that of the last writer to a reader who has
// recovered what that one left: memory shared by a file can come back after a power failure.
bool Ring::is_news(const Head& head) const {
  if (head.phase == kHeadOpening) return false;
  std::lock_guard<std::mutex> lock(mutex_);
  return head.epoch >> 32 > epoch_ >> 32 || (following_ && head.epoch == epoch_);
}

// Whether the writer has begun to overwrite the page.
bool Ring::overtaken(uint64_t page_no) const {
  Head head;
  return head_reader_ && head_reader_->read(&head) && is_news(head) &&
         head.page_no >= page_no + geometry_.ring_size;
}

void Ring::catch_up() {
  if (head_reader_) (void)refresh(1);
}

Status Ring::refresh(int attempts) {
  WALDO_TRY(failure());
  std::lock_guard<std::mutex> following(follow_mutex_);
  Head seen{};
  for (int attempt = 0;; ++attempt) {
    Head head{};
    if (!head_reader_->read(&head) || !is_news(head)) return Status();
    bool whole = false;
    WALDO_TRY(adopt(head, &whole));
    if (whole) return Status();
    if (attempt > 0 && !same(head, seen)) attempt = 0;
    seen = head;
    if (attempt + 1 == attempts && attempts < kRefreshAttempts)
      return Status();  // the follower will find out why
    if (attempt + 1 >= attempts) {
      // What a writer left that died is for the next one to put right.
      if (fs_.check_unlocked(directory_ + "/LOCK").ok()) return Status();
      return fail(Status::corrupt("page " + std::to_string(head.page_no) +
                                  " does not hold what its writer says is durable, up to log " +
                                  std::to_string(head.tip)));
    }
    std::this_thread::sleep_for(kPause);
  }
}

Status Ring::fail(Status status) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (failure_.ok()) failure_ = status;
  return failure_;
}

// Brings the pages to where the head says the ring is. *whole is false if they are not there: then the writer has
// moved on, or the head tells what is not so.
Status Ring::adopt(const Head& head, bool* whole) {
  *whole = false;
  const bool same_writer = following_ && head.epoch == epoch_;
  auto pages = pages_;
  std::vector<FrameHeader> frames;  // that the newest page has got since
  for (uint64_t no = geometry_.oldest_page(head.page_no); no <= head.page_no; ++no) {
    auto& page = pages[no % geometry_.ring_size];
    const PageState& state = page->state();
    const bool newest = no == head.page_no;
    const bool known = page->is_open() && state.used && state.page_no == no;
    if (same_writer && known && newest) {
      bool found = true;
      if (head.end_offset > state.end_offset) WALDO_TRY(walk(*page, state, head.end_offset, &frames, &found));
      if (!found) return Status();
    } else if (!(same_writer && known && state.sealed())) {
      bool found = false;
      auto loaded = page;
      WALDO_TRY(load_page(no, head, &loaded, &found));
      if (!found && newest && head.end_offset == 0 && no > 0) {
        // The writer is in between telling that it goes on to this page and writing its header, or died there.
        const PageState& before = pages[(no - 1) % geometry_.ring_size]->state();
        loaded = std::make_shared<Page>(geometry_, static_cast<uint32_t>(no % geometry_.ring_size));
        const Status opened = loaded->open(fs_, directory_, page_flags(false));
        if (!opened.ok() && !opened.missing()) return opened;
        loaded->reset(no, before.last_seq_no, before.last_frame_crc);
        found = true;
      }
      if (!found) return Status();
      page = std::move(loaded);
    }
  }
  std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t before = pages_[current_slot_]->state().last_seq_no;
  const auto slot = static_cast<uint32_t>(head.page_no % geometry_.ring_size);
  Page& newest = *pages[slot];
  const uint64_t tip = frames.empty() ? newest.state().last_seq_no : frames.back().last_seq_no;
  if (tip < head.tip) return Status();
  if (tip < before) {
    failure_ = Status::corrupt("the ring went back from log " + std::to_string(before) + " to " +
                               std::to_string(tip) + ": its writer has lost acknowledged logs");
    return failure_;
  }
  uint64_t offset = newest.state().end_offset;
  for (const FrameHeader& frame : frames) {
    newest.add_frame(offset, frame);
    offset = newest.state().end_offset;
  }
  if (tip != before || slot != current_slot_) advances_.fetch_add(1, std::memory_order_release);
  pages_ = std::move(pages);
  current_slot_ = slot;
  epoch_ = head.epoch;
  following_ = true;
  *whole = true;
  return Status();
}

// A page as it is on the disk, up to what is durable of it.
Status Ring::load_page(uint64_t page_no, const Head& head, std::shared_ptr<Page>* page, bool* whole) const {
  *whole = false;
  auto fresh = std::make_shared<Page>(geometry_, static_cast<uint32_t>(page_no % geometry_.ring_size));
  Status opened = fresh->open(fs_, directory_, page_flags(false));
  if (opened.missing()) return Status();
  WALDO_TRY(opened);
  HeaderCheck check;
  WALDO_TRY(fresh->read_headers(&check));
  if (!check.valid || check.header.page_no != page_no) return Status();
  const bool newest = page_no == head.page_no;
  if (!newest && (check.header.flags & kPageSealed) == 0) return Status();
  fresh->adopt(check.header);
  bool indexed = false;
  WALDO_TRY(fresh->load_index(check.header, &indexed));
  if (!indexed) fresh->reset(page_no, check.header.prev_seq_no, check.header.prev_frame_crc);
  const uint64_t end = newest ? std::max(head.end_offset, check.header.end_offset) : check.header.end_offset;
  if (fresh->state().end_offset < end) {
    std::vector<FrameHeader> frames;
    bool found = false;
    WALDO_TRY(walk(*fresh, fresh->state(), end, &frames, &found));
    if (!found) return Status();
    for (const FrameHeader& frame : frames) fresh->add_frame(fresh->state().end_offset, frame);
  }
  if (!indexed) fresh->state().flags = check.header.flags & ~kPageClean;
  *page = std::move(fresh);
  *whole = true;
  return Status();
}

// The frames from where a page was known to end; their bodies are checked when somebody reads them.
Status Ring::walk(const Page& page, PageState from, uint64_t end, std::vector<FrameHeader>* frames,
                  bool* whole) const {
  *whole = false;
  std::unique_ptr<Slab> window;
  WALDO_TRY(map_buffer(kWalkBytes, &window));
  uint64_t begin = 0;
  size_t got = 0;
  uint64_t offset = from.end_offset;
  while (offset < end) {
    if (offset < begin || offset + sizeof(FrameHeader) > begin + got) {
      begin = offset;
      const uint64_t bytes = std::min(kWalkBytes, geometry_.file_capacity - begin);
      WALDO_TRY(page.file().read(kPageDataOffset + begin, window->data(), bytes, &got));
      if (got < sizeof(FrameHeader)) return Status();
    }
    const auto header = load<FrameHeader>(window->data() + (offset - begin));
    const bool first = from.page_no == 0 && offset == 0;
    if (!header_valid(header, geometry_.ring_id, from.page_no * geometry_.file_capacity + offset,
                      end - offset, geometry_.alignment) ||
        header.prev_frame_crc != from.last_frame_crc || (header.prev_seq_no != from.last_seq_no && !first))
      return Status();
    frames->push_back(header);
    from.last_frame_crc = header.header_crc;
    from.last_seq_no = header.last_seq_no;
    offset += align_up(header.frame_bytes, geometry_.alignment);
  }
  *whole = offset == end;
  return Status();
}

}  // namespace waldo
