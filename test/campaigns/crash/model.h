// What must be there after a crash: every log that was submitted, which of them were acknowledged, and what else
// the writer was promised.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace waldo::crash {

struct SubmittedLog {
  uint64_t seq_no = 0;
  uint64_t prev_seq_no = 0;
  std::string payload;
};

struct Model {
  // By number. A log that was not recovered by a later open is void, and its number is given again with another
  // payload.
  std::vector<SubmittedLog> logs;
  std::vector<SubmittedLog> voided;
  // Logs up to it must survive.
  uint64_t acknowledged = 0;
  // Logs up to it are known durable to something on the disk that lies behind them: damage to them must not pass
  // for a torn write.
  uint64_t witnessed = 0;
  // The trim point may be there at the latest, if the operation in flight gives up a page.
  uint64_t latest_trim = 0;
  // By page: the number before its first log.
  std::map<uint64_t, uint64_t> page_starts;
  // By slot: bytes of frames.
  std::vector<uint64_t> extents;
  uint64_t cursor = 0;        // durable position of the cursor
  uint64_t cursor_asked = 0;  // of the commit in flight
  bool cursor_there = false;
  uint32_t attempt = 0;  // the life that writes now
  uint64_t newest_page = 0;

  uint64_t last() const { return logs.empty() ? 0 : logs.back().seq_no; }
  // The first log with a greater number.
  size_t after(uint64_t seq_no) const;
  void truncate(uint64_t tip);
};

}  // namespace waldo::crash
