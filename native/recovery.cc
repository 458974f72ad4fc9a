#include "recovery.h"

#include <algorithm>

namespace waldo {

namespace {
std::string range_text(uint64_t first, uint64_t last) {
  if (first == 0 && last == 0) return "which logs are lost is not known";
  if (first == 0) return "logs up to " + std::to_string(last) + " are lost";
  if (last == 0) return "logs from " + std::to_string(first) + " on are lost";
  if (first == last) return "log " + std::to_string(first) + " is lost";
  return "logs " + std::to_string(first) + " to " + std::to_string(last) + " are lost";
}
}  // namespace

bool Recovery::holds(uint64_t page_no) const {
  const PageState& state = pages_[page_no % geometry_.ring_size]->state();
  return state.used && state.page_no == page_no;
}

uint64_t Recovery::oldest_page() const { return geometry_.oldest_page(newest_); }

Status Recovery::damaged(const Page& page, uint64_t page_no, uint64_t offset, uint64_t first, uint64_t last,
                         const std::string& what) {
  const std::string message = "page " + std::to_string(page_no) + " (" + page_file_name(page.slot()) + ") " +
                              what + " at offset " + std::to_string(offset) + ": " + range_text(first, last);
  return Status::corrupt(message, LostRange{page_no, offset, first, last},
                         page.is_open() ? page.file().path() : page_file_name(page.slot()));
}

Status Recovery::run(RecoveryPlan* plan) {
  WALDO_TRY(read_headers());
  WALDO_TRY(check_unused_slots());
  WALDO_TRY(check_next_slot());
  for (uint64_t no = oldest_page(); no < newest_; ++no) WALDO_TRY(complete_sealed(no));
  WALDO_TRY(check_expected_pages());
  for (uint64_t no = oldest_page(); no < newest_; ++no) WALDO_TRY(check_link(no));
  WALDO_TRY(recover_newest());
  WALDO_TRY(verify_older());
  plan_.newest_slot = static_cast<uint32_t>(newest_ % geometry_.ring_size);
  std::vector<LostRange>& gaps = plan_.report.gaps;
  std::sort(gaps.begin(), gaps.end(), [](const LostRange& a, const LostRange& b) {
    return a.page < b.page || (a.page == b.page && a.offset < b.offset);
  });
  if (salvaged_) plan_.report.outcome = RecoveryReport::Outcome::kSalvaged;
  *plan = std::move(plan_);
  return Status();
}

Status Recovery::read_headers() {
  headers_.resize(pages_.size());
  bool any = false;
  for (auto& page : pages_) {
    if (!page->is_open()) continue;
    HeaderCheck& check = headers_[page->slot()];
    WALDO_TRY(page->read_headers(&check));
    uint64_t bytes = 0;
    WALDO_TRY(page->file().size(&bytes));
    if (bytes < geometry_.file_bytes()) {  // H5; frames that are missing are found missing later
      plan_.report.healed.push_back(page_file_name(page->slot()) + ": was cut short at " +
                                    std::to_string(bytes) + " bytes; extended");
      plan_.extend.push_back(page->slot());
    }
    uint64_t page_no = 0;
    bool found = false;
    if (salvage_ && (!check.valid || check.alone)) {
      WALDO_TRY(find_by_frames(*page, &found, &page_no));
      // The copy that is left may be of the lap before.
      if (found && check.valid && page_no > check.header.page_no) check.valid = false;
    }
    if (check.valid) {
      found = true;
      page->adopt(check.header);
      page_no = check.header.page_no;
      plan_.max_epoch = std::max(plan_.max_epoch, check.header.epoch);
      if (check.copy_damaged || check.foreign) {  // H1
        plan_.report.healed.push_back("page " + std::to_string(page_no) + ": one header copy was damaged");
        plan_.persist.push_back(page->slot());
      }
    }
    if (found) newest_ = any ? std::max(newest_, page_no) : page_no;
    any = any || found;
  }
  // A ring of one page is salvaged by the frames that it begins with.
  if (any || salvage_) return Status();
  return Status::corrupt("no page of the ring has a valid header", LostRange{});
}

// H4, for slots that the first lap has not reached.
Status Recovery::check_unused_slots() {
  for (uint64_t no = newest_ + 1; no < geometry_.ring_size; ++no) {
    Page& page = *pages_[no];
    const HeaderCheck& check = headers_[no];
    if (!page.is_open() || check.blank) continue;
    FrameProbe probe;
    WALDO_TRY(PageScanner(page, no).next_valid(0, geometry_.file_capacity, &probe));
    const bool has_frames = probe.state == FrameState::kValid;
    if (!salvage_ && (has_frames || check.foreign))
      return damaged(page, no, 0, probe.header.first_seq_no, probe.header.last_seq_no,
                     "has a damaged header");
    if (has_frames) continue;
    plan_.report.healed.push_back(page_file_name(page.slot()) +
                                  ": damaged before it was used; prepared again");
    plan_.recreate.push_back(page.slot());
  }
  return Status();
}

// C3 and C5: behind a page that is sealed there is another file, since that is made first; and where a frame of
// the next page is, a header of it must be.
Status Recovery::check_next_slot() {
  Page& page = page_at(newest_ + 1);
  const PageState& newest = page_at(newest_).state();
  const bool must_be_there = newest.sealed() && (newest.flags & kPageSalvaged) == 0;
  if (!page.is_open() && !(must_be_there && holds(newest_))) return Status();
  if (page.is_open()) {
    FrameProbe probe;
    WALDO_TRY(PageScanner(page, newest_ + 1).probe(0, &probe));
    if (probe.state != FrameState::kValid) return Status();
  }
  newest_ += 1;
  return Status();  // check_expected_pages() finds that it is not held
}

// C3. The newest page itself may be one of them when salvaging.
Status Recovery::check_expected_pages() {
  for (uint64_t no = oldest_page(); no <= newest_; ++no) {
    if (holds(no)) continue;
    const Page& page = page_at(no);
    const HeaderCheck& check = headers_[page.slot()];
    std::string what = "holds an earlier page";
    if (!page.is_open()) {
      what = "is missing";
    } else if (check.foreign && !check.valid) {
      what = "belongs to another ring or slot";
    } else if (!check.valid) {
      what = check.blank ? "was emptied" : "is damaged in both header copies";
    }
    WALDO_TRY(lose_page(no, what));
  }
  return Status();
}

Status Recovery::walk(Page& page, uint64_t from, uint64_t tip, Build build, Walk* walk) {
  const PageHeader& newest = headers_[page.slot()].header;
  PageScanner scanner(page, page.state().page_no);
  uint64_t epoch = 0;
  walk->stop = from;
  walk->chained = from == 0;
  walk->witnessed = newest.end_offset == 0;
  walk->tip = tip;
  walk->frame_crc = page.state().prev_frame_crc;
  for (;;) {
    FrameProbe probe;
    WALDO_TRY(scanner.probe(walk->stop, &probe));
    const FrameHeader& header = probe.header;
    if (probe.state != FrameState::kValid || header.epoch < epoch) break;
    if (probe.offset >= newest.end_offset && header.epoch < newest.epoch) break;  // void
    const bool first_of_ring = page.state().page_no == 0 && probe.offset == 0;
    if (walk->chained &&
        (header.prev_frame_crc != walk->frame_crc || (!first_of_ring && header.prev_seq_no != walk->tip)))
      break;
    if (build == Build::kAll || (build == Build::kBehindHeader && probe.offset >= newest.end_offset))
      page.add_frame(probe.offset, header);
    walk->frames.emplace_back(probe.offset, header.last_seq_no);
    walk->durable = std::max(walk->durable, header.durable_seq_no);
    walk->tip = header.last_seq_no;
    walk->frame_crc = header.header_crc;
    walk->chained = true;
    walk->stop = probe.end();
    if (walk->stop == newest.end_offset && walk->frame_crc == newest.last_frame_crc) walk->witnessed = true;
    epoch = header.epoch;
  }
  plan_.max_epoch = std::max(plan_.max_epoch, epoch);
  plan_.report.scanned_bytes += walk->stop - from;
  plan_.report.scanned_frames += walk->frames.size();
  return Status();
}

// A page that another one follows: H2, H3. Before any page is given up, so that where this one ends is known.
Status Recovery::complete_sealed(uint64_t page_no) {
  if (!holds(page_no) || !headers_[page_at(page_no).slot()].valid) return Status();
  Page& page = page_at(page_no);
  const PageHeader header = headers_[page.slot()].header;
  bool index_valid = false;
  if (page.state().sealed()) WALDO_TRY(page.load_index(header, &index_valid));
  if (index_valid) return Status();
  if ((page.state().flags & kPageSalvaged) != 0)
    return salvage_page(page, page_no, header.prev_seq_no, header.last_seq_no);
  const bool was_sealed = page.state().sealed();
  page.reset(page_no, header.prev_seq_no, header.prev_frame_crc);
  Walk chain;
  WALDO_TRY(walk(page, 0, header.prev_seq_no, Build::kAll, &chain));
  page.state().flags = (header.flags & ~kPageClean) | kPageSealed;
  plan_.persist.push_back(page.slot());
  plan_.report.healed.push_back(
      "page " + std::to_string(page_no) +
      (was_sealed ? ": the index was damaged and is rebuilt" : ": its seal was lost and is restored"));
  return Status();
}

// C4.
Status Recovery::check_link(uint64_t page_no) {
  Page& page = page_at(page_no);
  const PageState& next = page_at(page_no + 1).state();
  const PageHeader& header = headers_[page.slot()].header;
  if (!headers_[page.slot()].valid || header.page_no != page_no) return Status();  // given up
  const PageState& state = page.state();
  const bool salvaged = ((state.flags | next.flags) & kPageSalvaged) != 0;
  if (state.last_seq_no == next.prev_seq_no && (salvaged || state.last_frame_crc == next.prev_frame_crc))
    return Status();
  if (!salvage_) {
    return damaged(page, page_no, state.end_offset, state.last_seq_no + 1, next.prev_seq_no,
                   "ends before the next page begins");
  }
  return salvage_page(page, page_no, header.prev_seq_no, next.prev_seq_no);
}

Status Recovery::recover_newest() {
  Page& page = page_at(newest_);
  const PageHeader header = headers_[page.slot()].header;
  if ((page.state().flags & kPageSalvaged) != 0) {
    plan_.settle_from = page.state().end_offset;
    bool index_valid = !headers_[page.slot()].valid || header.page_no != newest_;  // given up
    if (!index_valid) WALDO_TRY(page.load_index(header, &index_valid));
    return index_valid ? Status() : salvage_page(page, newest_, header.prev_seq_no, header.last_seq_no);
  }
  uint64_t from = 0;
  uint64_t tip = header.prev_seq_no;
  Build build = Build::kAll;
  if (header.end_offset > kTailScanBytes) {
    bool index_valid = false;
    WALDO_TRY(page.load_index(header, &index_valid));
    if (index_valid) {
      build = Build::kBehindHeader;
      const IndexEntry* const end = page.index().data() + page.index().size();
      const uint64_t wanted = header.end_offset - kTailScanBytes;
      for (const IndexEntry* entry = page.index().data(); entry != end && entry->offset <= wanted; ++entry) {
        from = entry->offset;
        tip = entry->seq_no - 1;
      }
    } else {
      plan_.report.healed.push_back("page " + std::to_string(newest_) +
                                    ": the index was damaged and is rebuilt");
    }
  }
  if (build == Build::kAll) {
    page.reset(newest_, header.prev_seq_no, header.prev_frame_crc);
    page.state().flags = header.flags & ~kPageClean;
  }
  Walk chain;
  WALDO_TRY(walk(page, from, tip, build, &chain));
  budget_ -= std::min(budget_, chain.stop - from);
  bool lost = !chain.witnessed;  // C1
  const uint64_t witness = std::max(chain.durable, header.last_seq_no);
  if (!lost) WALDO_TRY(scan_behind(page, chain, witness, &lost));  // T2, C2
  if (lost) {
    if (!salvage_) {
      FrameProbe next;
      WALDO_TRY(PageScanner(page, newest_)
                    .next_valid(chain.stop + geometry_.alignment, geometry_.file_capacity, &next));
      const uint64_t last = next.state == FrameState::kValid ? next.header.prev_seq_no : witness;
      return damaged(page, newest_, chain.stop, chain.tip + 1, last, "has a damaged frame");
    }
    return salvage_page(page, newest_, header.prev_seq_no, std::max(witness, chain.tip));
  }
  plan_.settle_from = chain.stop;
  for (const auto& [offset, last_seq_no] : chain.frames) {
    if (last_seq_no <= witness) continue;
    plan_.settle_from = offset;
    break;
  }
  const bool clean =
      (header.flags & kPageClean) != 0 && chain.stop == header.end_offset && plan_.erase.empty();
  const bool at_rest = clean || (page.state().sealed() && plan_.erase.empty());
  plan_.report.outcome = at_rest ? RecoveryReport::Outcome::kClean : RecoveryReport::Outcome::kRecovered;
  return Status();
}

// Frames that a torn group left behind the tip; a later group behind it would be a witness that the tip was
// durable.
Status Recovery::scan_behind(Page& page, const Walk& chain, uint64_t witness, bool* lost) {
  PageScanner scanner(page, newest_);
  const uint64_t reach = 2 * std::max<uint64_t>(kMaxGroupBytes, max_frame_bytes_) + geometry_.alignment;
  if (witness > chain.tip) *lost = true;
  uint64_t torn_end = chain.stop;
  for (uint64_t at = chain.stop;;) {
    FrameProbe probe;
    WALDO_TRY(scanner.next_header(at, chain.stop + reach, &probe));
    if (probe.state == FrameState::kNone) break;
    // A header speaks for itself, whatever became of the logs behind it.
    if (probe.header.durable_seq_no > chain.tip) *lost = true;
    plan_.erase.emplace_back(page.slot(), probe.offset);
    plan_.max_epoch = std::max(plan_.max_epoch, probe.header.epoch);
    torn_end = std::max(torn_end, probe.end());
    at = probe.state == FrameState::kValid ? probe.end() : probe.offset + geometry_.alignment;
  }
  plan_.report.torn_bytes = torn_end - chain.stop;
  plan_.report.scanned_bytes += scanner.bytes_read();
  return Status();
}

// Older pages, as long as the budget of bytes that an open reads again lasts.
Status Recovery::verify_older() {
  for (uint64_t no = newest_; no > oldest_page(); --no) {
    Page& page = page_at(no - 1);
    const PageState state = page.state();
    if (state.end_offset > budget_) return Status();
    budget_ -= state.end_offset;
    if ((state.flags & kPageSalvaged) != 0) continue;
    Walk chain;
    WALDO_TRY(walk(page, 0, state.prev_seq_no, Build::kNothing, &chain));
    if (chain.stop == state.end_offset && chain.frame_crc == state.last_frame_crc) continue;
    if (!salvage_) {
      FrameProbe next;
      WALDO_TRY(
          PageScanner(page, no - 1).next_valid(chain.stop + geometry_.alignment, state.end_offset, &next));
      const uint64_t last = next.state == FrameState::kValid ? next.header.prev_seq_no : state.last_seq_no;
      return damaged(page, no - 1, chain.stop, chain.tip + 1, last, "has a damaged frame");
    }
    WALDO_TRY(salvage_page(page, no - 1, state.prev_seq_no, state.last_seq_no));
  }
  return Status();
}

}  // namespace waldo
