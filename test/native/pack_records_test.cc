// Logs become records, and lengths that lie lead nowhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <random>
#include <vector>

#include "format.h"
#include "frame.h"
#include "records.h"

namespace waldo {
namespace {

void add_log(std::vector<uint8_t>* logs, const std::vector<uint8_t>& data) {
  LogHeader header{};
  header.length = static_cast<uint32_t>(data.size());
  const size_t at = logs->size();
  logs->resize(at + log_stride(data.size()), 0);
  std::memcpy(logs->data() + at, &header, sizeof(header));
  std::copy(data.begin(), data.end(), logs->begin() + static_cast<std::ptrdiff_t>(at + sizeof(header)));
}

TEST(PackRecords, CopiesLengthsAndData) {
  std::vector<uint8_t> logs;
  add_log(&logs, {1, 2, 3});
  add_log(&logs, {});
  add_log(&logs, {9});
  std::vector<uint8_t> target(16);
  size_t written = 0;
  // The padding of the last log need not be there.
  ASSERT_EQ(pack_records(logs.data(), 0, logs.size() - 7, target.data(), 16, &written), Packing::kDone);
  EXPECT_EQ(written, 16u);
  EXPECT_EQ(target, (std::vector<uint8_t>{3, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 1, 0, 0, 0, 9}));
  EXPECT_EQ(pack_records(logs.data(), 0, logs.size(), target.data(), 15, &written), Packing::kNoRoom);
  EXPECT_EQ(pack_records(logs.data(), 32, 32, target.data(), 0, &written), Packing::kDone);
  EXPECT_EQ(written, 0u);
}

TEST(PackRecords, StaysWithinItsBoundsWhateverTheBytes) {
  std::mt19937 rng(7);
  for (int round = 0; round < 20000; ++round) {
    // Exact sizes on the heap: the sanitizers see every byte beyond.
    std::vector<uint8_t> source(rng() % 200);
    for (uint8_t& byte : source) byte = rng() % 4 == 0 ? static_cast<uint8_t>(rng() % 40) : 0;
    std::vector<uint8_t> target(rng() % 100);
    size_t written = 0;
    const size_t start = source.empty() ? 0 : rng() % source.size();
    if (pack_records(source.data(), start, source.size(), target.data(), target.size(), &written) ==
        Packing::kDone) {
      EXPECT_LE(written, target.size());
    }
  }
}

}  // namespace
}  // namespace waldo
