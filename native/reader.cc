// Positional reads: which frames hold what is asked for, reading and checking them, and the error where
// they are gone.
#include <algorithm>

#include "page_scanner.h"
#include "ring.h"

namespace waldo {

namespace {

// How often a read may find that the ring has lapped it.
constexpr int kMostLaps = 100;

}  // namespace

Status Ring::trimmed(uint64_t after) const {
  Error error;
  error.code = Code::kTrimmed;
  const Bounds bounds = bounds_locked();
  error.message = "logs after " + std::to_string(after) + " were trimmed: the ring holds those after " +
                  std::to_string(bounds.after);
  // The oldest log's number is known only where numbers have no gaps; the frame at the trim point knows it
  // otherwise.
  for (const auto& page : pages_) {
    if (page->state().used && page->state().prev_seq_no == bounds.after && page->index().size() > 0) {
      error.oldest = page->index().data()->seq_no;
    }
  }
  if (error.oldest) error.message += "; the oldest is " + std::to_string(*error.oldest);
  return Status(std::move(error));
}

// Under the mutex. The page that holds the first log after `after`, and where to begin in it.
Status Ring::find_spot(uint64_t after, Spot* spot) const {
  const Bounds bounds = bounds_locked();
  *spot = Spot();
  if (bounds.empty || after >= bounds.tip) return Status();
  if (after < bounds.after) return trimmed(after);
  const uint64_t newest = pages_[current_slot_]->state().page_no;
  const uint64_t oldest = geometry_.oldest_page(newest);
  for (uint64_t no = oldest; no <= newest; ++no) {
    const auto& page = pages_[no % geometry_.ring_size];
    const PageState& state = page->state();
    if (!state.used || state.page_no != no || state.last_seq_no <= after) continue;
    spot->page = page;
    spot->page_no = no;
    spot->offset = page->index().floor(after + 1);
    spot->end = state.end_offset;
    return Status();
  }
  return Status::make(Code::kInternal, "no page holds logs after " + std::to_string(after));
}

bool Ring::still_there(const Spot& spot) const {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto& page = pages_[spot.page_no % geometry_.ring_size];
    if (page != spot.page || page->state().page_no != spot.page_no) return false;
  }
  return !overtaken(spot.page_no);
}

Status Ring::read(uint64_t after, size_t max_bytes, SlabPool& slabs, ReadChunk* chunk) {
  for (int attempt = 0;; ++attempt) {
    if (attempt > kMostLaps) {
      return Status::make(Code::kTrimmed, "logs after " + std::to_string(after) +
                                              " are overwritten sooner than they can be read");
    }
    Spot spot;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      WALDO_TRY(find_spot(after, &spot));
    }
    *chunk = ReadChunk();
    if (spot.page == nullptr) return Status();
    bool lapped = false;
    Status status = read_spot(spot, after, max_bytes, slabs, chunk, &lapped);
    // A page that was reused meanwhile explains whatever was found in it: copied first, checked then.
    if (!lapped && still_there(spot)) return status;
    if (head_reader_) WALDO_TRY(refresh());
  }
}

// Takes the frames after `after` from what was read at `from`; returns true where something else than a
// frame lies. *at is where it stopped; *need grows to the length of a frame that was read in part only.
bool Ring::collect(const Spot& spot, uint64_t from, uint64_t after, size_t got,
                   const std::shared_ptr<Slab>& slab, uint64_t* at, uint64_t* need, ReadChunk* chunk) const {
  while (*at < got) {
    if (got - *at < sizeof(FrameHeader)) return true;
    uint8_t* const frame = slab->data() + *at;
    const auto header = load<FrameHeader>(frame);
    const uint64_t offset = from + *at;
    const uint64_t position = spot.page_no * geometry_.file_capacity + offset;
    if (!header_valid(header, geometry_.ring_id, position, spot.end - offset, geometry_.alignment))
      return true;
    const uint64_t padded = align_up(header.frame_bytes, geometry_.alignment);
    if (padded > got - *at) {
      *need = std::max(*need, padded);
      return false;
    }
    if (header.last_seq_no > after) {
      const bool links = chunk->slab ? header.prev_seq_no == chunk->last_seq_no : header.prev_seq_no <= after;
      if (!links || !body_valid(frame, header, geometry_.alignment)) return true;
      const size_t logs = header.frame_bytes - sizeof(FrameHeader);
      if (!chunk->slab) {
        chunk->slab = slab;
        chunk->start = chunk->end = *at + sizeof(FrameHeader);
        chunk->prev_seq_no = header.prev_seq_no;
        chunk->first_seq_no = header.first_seq_no;
      } else {
        std::memmove(slab->data() + chunk->end, frame + sizeof(FrameHeader),
                     logs);  // over the header between
      }
      chunk->end += logs;
      chunk->count += header.log_count;
      chunk->last_seq_no = header.last_seq_no;
    }
    *at += padded;
  }
  return false;
}

// The last number of the whole frames that were read at a spot, going by their headers; 0 if there are none.
uint64_t Ring::last_fetched(const Spot& spot, size_t got, const Slab& slab) const {
  uint64_t last = 0;
  for (uint64_t at = 0; got - at >= sizeof(FrameHeader);) {
    const auto header = load<FrameHeader>(slab.data() + at);
    const uint64_t position = spot.page_no * geometry_.file_capacity + spot.offset + at;
    if (!header_valid(header, geometry_.ring_id, position, got - at, geometry_.alignment)) break;
    last = header.last_seq_no;
    at += align_up(header.frame_bytes, geometry_.alignment);
  }
  return last;
}

uint64_t Ring::bytes_for(uint64_t need) const {
  return align_up(std::max<uint64_t>(need, geometry_.alignment), kMaxAlignment);
}

Status Ring::fetch(uint64_t after, size_t max_bytes, SlabPool& slabs, Fetched* fetched) {
  *fetched = Fetched();
  fetched->after = after;
  fetched->max_bytes = max_bytes;
  Spot& spot = fetched->spot;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    WALDO_TRY(find_spot(after, &spot));
  }
  if (!spot.page || !spot.page->is_open() || spot.offset >= spot.end) return Status();
  const uint64_t bytes = std::min(bytes_for(max_bytes), spot.end - spot.offset);
  WALDO_TRY(fill(spot, spot.offset, bytes, slabs, &fetched->slab, &fetched->got));
  fetched->last_seq_no = last_fetched(spot, fetched->got, *fetched->slab);
  return Status();
}

Status Ring::check(const Fetched& fetched, SlabPool& slabs, ReadChunk* chunk) {
  const Spot& spot = fetched.spot;
  *chunk = ReadChunk();
  if (fetched.slab) {
    uint64_t at = 0;
    uint64_t need = 0;
    collect(spot, spot.offset, fetched.after, fetched.got, fetched.slab, &at, &need, chunk);
    if (chunk->slab && still_there(spot)) return Status();
  }
  // Whatever is in the way, reading says it in its own words.
  return read(fetched.after, fetched.max_bytes, slabs, chunk);
}

Status Ring::fill(const Spot& spot, uint64_t offset, uint64_t bytes, SlabPool& slabs,
                  std::shared_ptr<Slab>* slab, size_t* got) {
  // A short read gets a buffer of its size: what keeps one log of it should not keep a whole slab.
  const bool pooled = bytes <= slabs.slab_bytes() && bytes > slabs.slab_bytes() / 2;
  *slab = pooled ? slabs.take() : slabs.take(bytes);
  if (!*slab) return Status::no_memory();
  return spot.page->file().read(kPageDataOffset + offset, (*slab)->data(), bytes, got);
}

Status Ring::read_spot(const Spot& spot, uint64_t after, size_t max_bytes, SlabPool& slabs, ReadChunk* chunk,
                       bool* lapped) {
  uint64_t offset = spot.offset;
  uint64_t need = max_bytes;
  while (offset < spot.end && spot.page->is_open()) {
    const uint64_t bytes = std::min(bytes_for(need), spot.end - offset);
    std::shared_ptr<Slab> slab;
    size_t got = 0;
    WALDO_TRY(fill(spot, offset, bytes, slabs, &slab, &got));
    if (!still_there(spot)) {
      *lapped = true;
      return Status();
    }
    uint64_t at = 0;
    const bool damaged = collect(spot, offset, after, got, slab, &at, &need, chunk) || got < bytes;
    if (chunk->slab) return Status();
    offset += at;
    if (damaged) WALDO_TRY(pass_damage(spot, offset, after, &offset));
  }
  return pass_damage(spot, spot.end, after, &offset);
}

// At `offset` there is no frame where one was: an error that names what is lost, unless all of it is older
// than what is wanted; then *resume is where to go on.
Status Ring::pass_damage(const Spot& spot, uint64_t offset, uint64_t after, uint64_t* resume) {
  uint64_t last = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    last = spot.page->state().last_seq_no;
  }
  FrameProbe next;
  if (spot.page->is_open()) {
    WALDO_TRY(PageScanner(*spot.page, spot.page_no).next_valid(offset, spot.end, &next));
  }
  if (spot.page->is_open() && options_.read_only) {
    HeaderCheck check;
    WALDO_TRY(spot.page->read_headers(&check));
    // An earlier page in its place is none that a writer has put there since: this one was lost.
    if (check.valid && check.header.page_no > spot.page_no) {
      return Status::make(Code::kTrimmed, "logs after " + std::to_string(after) +
                                              " were trimmed by a writer since this reader was opened");
    }
  }
  // One that reaches beyond where the page's frames end is none of them.
  const bool found = next.state == FrameState::kValid && next.end() <= spot.end;
  if (found) last = next.header.prev_seq_no;
  *resume = found ? next.offset : spot.end;
  if (found && last <= after) return Status();
  return Status::corrupt("page " + std::to_string(spot.page_no) + " (" + page_file_name(spot.page->slot()) +
                             ") is damaged at offset " + std::to_string(offset) + ": logs " +
                             std::to_string(after + 1) + " to " + std::to_string(last) + " are lost",
                         LostRange{spot.page_no, offset, after + 1, last},
                         spot.page->is_open() ? spot.page->file().path() : "");
}

}  // namespace waldo
