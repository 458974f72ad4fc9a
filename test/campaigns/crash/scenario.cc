#include "scenario.h"

#include <algorithm>
#include <cstring>

#include "support/ring_driver.h"

namespace waldo::crash {

size_t Model::after(uint64_t seq_no) const {
  const auto found =
      std::upper_bound(logs.begin(), logs.end(), seq_no,
                       [](uint64_t number, const SubmittedLog& log) { return number < log.seq_no; });
  return static_cast<size_t>(found - logs.begin());
}

void Model::truncate(uint64_t tip) {
  const auto first = logs.begin() + static_cast<std::ptrdiff_t>(after(tip));
  voided.insert(voided.end(), first, logs.end());
  logs.erase(first, logs.end());
}

Scenario draw_scenario(SimRng& rng) {
  Scenario scenario;
  RingOptions& options = scenario.options = test::small_ring();
  options.ring_size = static_cast<uint32_t>(rng.between(2, 4));
  options.index_capacity = rng.one_in(3) ? 5 : 129;
  options.buf_capacity = rng.one_in(2) ? 16 * 1024 : 8 * 1024;
  options.alignment = rng.one_in(4) ? 4096 : 512;
  options.background = false;
  switch (rng.below(5)) {
    case 0:
    case 1:
      options.direct = DirectIo::kOn;
      break;
    case 2:
    case 3:
      options.direct = DirectIo::kOff;
      break;
    default:
      options.direct = rng.one_in(2) ? DirectIo::kOn : DirectIo::kOff;
      options.dsync = false;
  }
  // Small pages make many laps of few bytes.
  const bool full_pages = rng.one_in(6);
  if (!full_pages) options.page_capacity = rng.between(4, 40);
  scenario.most_bytes = full_pages ? 400 : 120;
  scenario.most_logs = full_pages ? 12 : static_cast<uint32_t>(std::min<uint64_t>(6, options.page_capacity));
  scenario.most_frames = 3;
  scenario.most_groups = full_pages ? 40 : 30;
  if (rng.one_in(2)) {
    scenario.equal_bytes = static_cast<uint32_t>(rng.between(1, scenario.most_bytes));
    scenario.most_logs = static_cast<uint32_t>(rng.between(1, scenario.most_logs));
  }
  if (rng.one_in(4)) scenario.most_skipped = rng.between(1, 1000);
  if (rng.one_in(8)) scenario.first_seq_no = rng.between(2, uint64_t{1} << 40);
  scenario.cursor = rng.one_in(3);
  scenario.hold = scenario.cursor && rng.one_in(2);
  options.honour_holds = scenario.hold;
  return scenario;
}

std::string payload_of(uint64_t seq_no, uint32_t attempt, uint64_t bytes) {
  SimRng words(seq_no * 0x9e3779b97f4a7c15 + attempt);
  std::string payload(align_up(bytes, 8), '\0');
  for (size_t at = 0; at < payload.size(); at += 8) {
    const uint64_t word = words();
    std::memcpy(&payload[at], &word, sizeof(word));
  }
  payload.resize(bytes);
  return payload;
}

}  // namespace waldo::crash
