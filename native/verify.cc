// Verification: every frame, checksum, link and index entry of every page, without stopping at the first
// problem.
#include "page_scanner.h"
#include "ring.h"

namespace waldo {

namespace {

// Log checksums on their own: the frame's CRC covers them, but a reader may keep one log only.
uint64_t bad_log(const FrameProbe& probe) {
  const uint8_t* log = probe.frame + sizeof(FrameHeader);
  for (uint32_t i = 0; i < probe.header.log_count; ++i) {
    const auto header = load<LogHeader>(log);
    if (header.crc != log_crc(log)) return header.seq_no;
    log += log_stride(header.length);
  }
  return 0;
}

void note(VerifyReport* report, const PageInfo& info, uint64_t offset, const char* kind, uint64_t first,
          uint64_t last, const std::string& what) {
  std::string message = "page " + std::to_string(info.state.page_no) + " (" + page_file_name(info.slot) +
                        ") at offset " + std::to_string(offset) + ": " + what;
  if (first != 0) message += "; logs " + std::to_string(first) + " to " + std::to_string(last) + " are lost";
  report->problems.push_back({{info.state.page_no, offset, first, last}, kind, std::move(message)});
}

}  // namespace

std::shared_ptr<Page> Ring::page_in(uint32_t slot) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return pages_[slot];
}

Status Ring::verify(VerifyReport* report) {
  *report = VerifyReport();
  const RingInfo info = this->info();
  uint64_t prev = info.bounds.after;
  for (const PageInfo& page : info.pages) {
    VerifyReport with_page = *report;
    WALDO_TRY(verify_page(page, prev, &with_page));
    // A page that was reused meanwhile explains whatever was found in it.
    if (still_there({page_in(page.slot), page.state.page_no, 0, 0})) *report = std::move(with_page);
    prev = page.state.last_seq_no;
  }
  for (const std::string& healed : info.recovery.healed)
    report->problems.push_back({LostRange{}, "healed", healed});
  return Status();
}

Status Ring::verify_page(const PageInfo& info, uint64_t prev_seq_no, VerifyReport* report) {
  const std::shared_ptr<Page> held = page_in(info.slot);
  Page& page = *held;
  const PageState& state = info.state;
  const size_t known_problems = report->problems.size();
  report->pages += 1;
  std::vector<IndexEntry> index;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (page.state().page_no != state.page_no) return Status();
    index.assign(page.index().data(), page.index().data() + info.index_count);
  }
  size_t entry = 0;
  uint64_t offset = 0;
  uint64_t tip = prev_seq_no;
  uint64_t frames = 0;
  uint32_t frame_crc = state.prev_frame_crc;
  bool chained = (state.flags & kPageSalvaged) == 0;
  PageScanner scanner(page, state.page_no);
  while (offset < state.end_offset) {
    if (cancelled_.load(std::memory_order_relaxed))
      return Status::make(Code::kClosed, "the ring was closed meanwhile");
    FrameProbe probe;
    if (page.is_open()) WALDO_TRY(scanner.probe(offset, &probe));
    const uint64_t at = offset;
    const bool broken =
        probe.state == FrameState::kValid &&
        (probe.header.prev_seq_no != tip || (chained && probe.header.prev_frame_crc != frame_crc));
    const bool across = probe.state == FrameState::kValid && probe.end() > state.end_offset;
    if (probe.state != FrameState::kValid || across) {
      const char* what = across ? "the frame reaches beyond where the page ends"
                         : probe.state == FrameState::kTornBody ? "the frame's checksum does not match"
                                                                : "there is no frame where one was written";
      if (across) offset += geometry_.alignment;
      if (page.is_open()) WALDO_TRY(scanner.next_valid(offset, state.end_offset, &probe));
      const bool found = probe.state == FrameState::kValid && probe.end() <= state.end_offset;
      note(report, info, at, "frame", tip + 1, found ? probe.header.prev_seq_no : state.last_seq_no, what);
      tip = found ? probe.header.prev_seq_no : state.last_seq_no;
      if (!found) break;
    } else if (broken) {
      note(report, info, at, "link", tip + 1, probe.header.prev_seq_no,
           "the frame does not follow the one before it");
    }
    const uint64_t bad = bad_log(probe);
    if (bad != 0) note(report, info, probe.offset, "log", bad, bad, "the log's checksum does not match");
    while (entry < index.size() && index[entry].offset < probe.offset) ++entry;
    if (entry < index.size() && index[entry].offset == probe.offset) {
      if (index[entry].seq_no != probe.header.first_seq_no) {
        note(report, info, probe.offset, "index", 0, 0,
             "the index names another log than the frame begins with");
      }
      ++entry;
    }
    tip = probe.header.last_seq_no;
    frame_crc = probe.header.header_crc;
    chained = true;
    frames += 1;
    report->logs += probe.header.log_count;
    report->bytes += probe.header.frame_bytes;
    offset = probe.end();
  }
  report->frames += frames;
  if (tip != state.last_seq_no) {
    note(report, info, offset, "seal", tip + 1, state.last_seq_no, "the page ends before its header says");
  } else if (report->problems.size() == known_problems &&
             (frames != state.frame_count || entry != index.size())) {
    note(report, info, offset, "index", 0, 0, "header or index count other frames than the page holds");
  }
  return Status();
}

}  // namespace waldo
