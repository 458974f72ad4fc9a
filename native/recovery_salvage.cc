// What salvage keeps: every frame that can belong to the log, whatever lies between.
#include <algorithm>

#include "recovery.h"

namespace waldo {

namespace {

// Whether both cannot be frames of one log.
bool contradicts(const FrameProbe& frame, const FrameProbe& next) {
  const bool adjacent = frame.end() == next.offset;
  if (adjacent && frame.header.header_crc != next.header.prev_frame_crc) return true;
  return frame.header.epoch < next.header.epoch && frame.header.last_seq_no > next.header.prev_seq_no;
}

}  // namespace

void Recovery::note_gap(uint64_t page_no, uint64_t offset, uint64_t after, uint64_t until) {
  if (until > after) plan_.report.gaps.push_back({page_no, offset, after + 1, until});
}

// Which page a file without a valid header held: the latest that any of its frames belongs to.
Status Recovery::find_by_frames(Page& page, bool* found, uint64_t* page_no) {
  *found = false;
  std::unique_ptr<Slab> buffer;
  WALDO_TRY(map_buffer(kTailScanBytes / 4, &buffer));
  for (uint64_t base = 0; base < geometry_.file_capacity; base += buffer->bytes()) {
    size_t got = 0;
    const uint64_t wanted = std::min<uint64_t>(buffer->bytes(), geometry_.file_capacity - base);
    WALDO_TRY(page.file().read(kPageDataOffset + base, buffer->data(), wanted, &got));
    for (uint64_t at = 0; at + sizeof(FrameHeader) <= got; at += geometry_.alignment) {
      const auto header = load<FrameHeader>(buffer->data() + at);
      const uint64_t no = header.position / geometry_.file_capacity;
      const uint64_t offset = base + at;
      if (header.position % geometry_.file_capacity != offset || no % geometry_.ring_size != page.slot())
        continue;
      if (!header_valid(header, geometry_.ring_id, header.position, geometry_.file_capacity - offset,
                        geometry_.alignment))
        continue;
      *page_no = *found ? std::max(*page_no, no) : no;
      *found = true;
    }
    if (got < wanted) break;  // the file was cut short
  }
  return Status();
}

Status Recovery::lose_page(uint64_t page_no, const std::string& what) {
  Page& page = page_at(page_no);
  const bool has_before = page_no > oldest_page() && holds(page_no - 1);
  const bool has_after = page_no < newest_ && holds(page_no + 1);
  const uint64_t before = has_before ? page_at(page_no - 1).state().last_seq_no : 0;
  std::optional<uint64_t> until;
  if (has_after) until = page_at(page_no + 1).state().prev_seq_no;
  const uint64_t first = has_before || page_no == 0 ? before + 1 : 0;
  if (!salvage_) return damaged(page, page_no, 0, first, until.value_or(0), what);
  if (!page.is_open()) plan_.recreate.push_back(page.slot());
  plan_.report.healed.push_back("page " + std::to_string(page_no) + " " + what + " and is given up");
  const uint64_t guess = has_before ? before : until.value_or(0);
  page.reset(page_no, guess, 0);
  WALDO_TRY(salvage_page(page, page_no, guess, until));
  // Where a neighbour does not tell what is lost, the range is open at that end.
  const bool from_start = page.index().size() > 0 && page.index().data()->offset == 0;
  if (!has_before && !from_start) plan_.report.gaps.push_back({page_no, 0, first, page.state().prev_seq_no});
  if (!has_after && page.index().size() == 0) plan_.report.gaps.push_back({page_no, 0, guess + 1, 0});
  return Status();
}

// Whether a whole frame is one of an earlier open, never acknowledged, that a lost write has brought back: an open writes
// down where the log ended, and what lies behind that is its own or later.
bool Recovery::is_void(const FrameProbe& frame, const PageHeader& header) {
  if (frame.offset >= header.end_offset) return frame.header.epoch < header.epoch;
  return frame.end() == header.end_offset && frame.header.header_crc != header.last_frame_crc;
}

// Every valid frame of the page that belongs to the log. Epochs never fall along a page, so of two that do not follow
// one another the older one is void; so is one whose numbers a later open gave out again. What is void is erased, so that
// no reader finds it.
Status Recovery::surviving_frames(Page& page, uint64_t page_no, std::vector<FrameProbe>* frames) {
  const HeaderCheck& check = headers_[page.slot()];
  const bool known = check.valid && check.header.page_no == page_no;
  PageScanner scanner(page, page_no);
  FrameProbe probe;
  WALDO_TRY(scanner.next_valid(0, geometry_.file_capacity, &probe));
  while (probe.state == FrameState::kValid) {
    const FrameHeader& header = probe.header;
    plan_.max_epoch = std::max(plan_.max_epoch, header.epoch);
    const bool older = !frames->empty() && header.epoch < frames->back().header.epoch;
    if (older || (known && is_void(probe, check.header))) {
      plan_.erase.emplace_back(page.slot(), probe.offset);
    } else {
      while (!frames->empty() && contradicts(frames->back(), probe)) {
        plan_.erase.emplace_back(page.slot(), frames->back().offset);
        frames->pop_back();
      }
      frames->push_back(probe);
    }
    WALDO_TRY(scanner.next_valid(probe.end(), geometry_.file_capacity, &probe));
  }
  plan_.report.scanned_bytes += scanner.bytes_read();
  return Status();
}

Status Recovery::salvage_page(Page& page, uint64_t page_no, uint64_t prev_seq_no,
                              std::optional<uint64_t> last_seq_no) {
  salvaged_ = salvaged_ || salvage_;
  // Whatever was to be erased in the page: it is decided anew.
  const auto here = [&page](const auto& frame) { return frame.first == page.slot(); };
  plan_.erase.erase(std::remove_if(plan_.erase.begin(), plan_.erase.end(), here), plan_.erase.end());
  PageState& state = page.state();
  const uint64_t end = state.end_offset;
  const uint32_t frame_crc = state.last_frame_crc;
  page.reset(page_no, prev_seq_no, state.prev_frame_crc);
  // Where a sound header says that the next page begins, this one has ended.
  const bool bounded = page_no < newest_ && headers_[page_at(page_no + 1).slot()].valid && holds(page_no + 1);
  const uint64_t limit = bounded ? page_at(page_no + 1).state().prev_seq_no : kMaxSeqNo;
  std::vector<FrameProbe> frames;
  if (page.is_open()) WALDO_TRY(surviving_frames(page, page_no, &frames));
  if (!frames.empty() && state.prev_seq_no > frames[0].header.prev_seq_no)
    state.prev_seq_no = frames[0].header.prev_seq_no;  // the boundary was a guess
  uint64_t tip = state.prev_seq_no;
  for (const FrameProbe& frame : frames) {
    if (frame.header.prev_seq_no < tip || frame.header.last_seq_no > limit) {
      plan_.erase.emplace_back(page.slot(), frame.offset);
      continue;
    }
    note_gap(page_no, state.end_offset, tip, frame.header.prev_seq_no);
    page.add_frame(frame.offset, frame.header);
    tip = frame.header.last_seq_no;
  }
  if (last_seq_no && *last_seq_no > tip) {
    note_gap(page_no, state.end_offset, tip, *last_seq_no);
    state.last_seq_no = *last_seq_no;
  }
  state.end_offset = std::max(state.end_offset, end);
  if (frame_crc != 0 && state.end_offset == end) state.last_frame_crc = frame_crc;
  state.flags = kPageSealed | kPageSalvaged;
  plan_.persist.push_back(page.slot());
  if (page_no < newest_ && !bounded &&
      holds(page_no + 1)) {  // it was given up, and where it begins was a guess
    PageState& next = page_at(page_no + 1).state();
    if (next.last_seq_no < state.last_seq_no) next.prev_seq_no = next.last_seq_no = state.last_seq_no;
  }
  return Status();
}

}  // namespace waldo
