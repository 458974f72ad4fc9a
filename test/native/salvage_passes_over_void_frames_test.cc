// The disk loses a write, and a frame of an earlier open is back in its place: one that was never acknowledged, whose
// number was given again. It is whole, but no part of the log.
#include <gtest/gtest.h>

#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo::test {
namespace {

constexpr uint64_t kSector = SimFileSystem::kSectorBytes;
const char kPage[] = "/data/ring/0000000000.page";

class SalvagePassesOver : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(make_durable_directory(fs_, "/data"));
    options_.background = false;
  }

  // Appends frames of one log, in a sector each.
  void append(SimFileSystem& fs, int frames, bool close, Submitted* submitted) {
    RingDriver ring(fs, "/data/ring", options_, submitted);
    ASSERT_OK(ring.open());
    submitted->attempt += 1;
    for (int i = 0; i < frames; ++i) ASSERT_OK(ring.append(1));
    if (close) {
      ASSERT_OK(ring.close());
    }
  }

  // What an open appends that nobody hears of: the machine it happens on is given up, but for the number of the open.
  std::unique_ptr<SimFileSystem> append_in_vain(int frames, Submitted submitted) {
    auto other = fs_.crash_image(rng_);
    append(*other, frames, false, &submitted);
    append(fs_, 0, false, &submitted);
    return other;
  }

  // Puts the sector of frame `frame` as `other` has it into `fs_`.
  void put_back(const SimFileSystem& other, uint64_t frame) {
    const std::vector<uint8_t> bytes = other.file_bytes(kPage);
    const uint64_t offset = kPageDataOffset + frame * kSector;
    fs_.overwrite(kPage, offset, bytes.data() + offset, kSector);
  }

  void expect_salvaged_but(uint64_t lost, uint64_t tip) {
    RingDriver refused(fs_, "/data/ring", options_);
    const Status status = refused.open();
    ASSERT_FALSE(status.ok());
    ASSERT_EQ(status.error().code, Code::kCorrupt);
    RingOptions options = options_;
    options.salvage = true;
    RingDriver ring(fs_, "/data/ring", options);
    ASSERT_OK(ring.open());
    std::vector<uint64_t> numbers;
    for (uint64_t after = 0; after < tip;) {
      std::vector<StoredLog> logs;
      const Status read = ring.read_from(after, &logs);
      for (const StoredLog& log : logs) numbers.push_back(log.seq_no);
      after = read.ok() ? tip : read.error().lost->last;
    }
    std::vector<uint64_t> expected;
    for (uint64_t number = 1; number <= tip; ++number) {
      if (number != lost) expected.push_back(number);
    }
    EXPECT_EQ(numbers, expected);
  }

  SimFileSystem fs_{1};
  RingOptions options_ = small_ring();
  SimRng rng_{1};
};

TEST_F(SalvagePassesOver, FramesThatTheNextOneDoesNotFollow) {
  Submitted submitted;
  append(fs_, 2, false, &submitted);
  const auto other = append_in_vain(1, submitted);
  append(fs_, 4, true, &submitted);
  put_back(*other, 2);
  expect_salvaged_but(3, 6);
}

TEST_F(SalvagePassesOver, FramesOfAnEarlierOpenThanTheFrameBefore) {
  Submitted submitted;
  append(fs_, 2, false, &submitted);
  const auto other = append_in_vain(3, submitted);
  append(fs_, 4, true, &submitted);
  put_back(*other, 3);
  expect_salvaged_but(4, 6);
}

// An attempt whose logs `first` to `last` fill at least `least` bytes and at most `most`.
uint32_t attempt_of_size(uint64_t first, uint64_t last, uint64_t least, uint64_t most) {
  for (uint32_t attempt = 10;; ++attempt) {
    uint64_t bytes = sizeof(FrameHeader);
    for (uint64_t no = first; no <= last; ++no) bytes += log_stride(content_of(no, attempt).size());
    if (bytes >= least && bytes <= most) return attempt;
  }
}

TEST_F(SalvagePassesOver, FramesWhoseNumbersALaterOpenGaveOutAgain) {
  Submitted submitted;
  append(fs_, 2, false, &submitted);
  auto other = fs_.crash_image(rng_);
  Submitted in_vain = submitted;
  {
    RingDriver ring(*other, "/data/ring", options_, &in_vain);
    ASSERT_OK(ring.open());
    in_vain.attempt = attempt_of_size(3, 5, 0, kSector);
    ASSERT_OK(ring.append(3));
  }
  append(fs_, 0, false, &submitted);
  {
    RingDriver ring(fs_, "/data/ring", options_, &submitted);
    ASSERT_OK(ring.open());
    submitted.attempt = attempt_of_size(3, 4, kSector + 1, 2 * kSector);
    ASSERT_OK(ring.append(2));
    for (int i = 0; i < 3; ++i) ASSERT_OK(ring.append(1));
    ASSERT_OK(ring.close());
  }
  // Three logs where the first sector of two was.
  put_back(*other, 2);
  options_.salvage = true;
  RingDriver ring(fs_, "/data/ring", options_);
  ASSERT_OK(ring.open());
  std::vector<StoredLog> logs;
  const Status read = ring.read_from(0, &logs);
  ASSERT_FALSE(read.ok());
  ASSERT_EQ(logs.size(), 2u);
  EXPECT_EQ(read.error().lost->first, 3u);
  EXPECT_EQ(read.error().lost->last, 4u);
  ASSERT_OK(ring.read_from(4, &logs));
  EXPECT_EQ(logs.size(), 5u);
}

TEST_F(SalvagePassesOver, LastFrameThatThePageHeaderDoesNotKnow) {
  Submitted submitted;
  append(fs_, 2, false, &submitted);
  const auto other = append_in_vain(1, submitted);
  append(fs_, 1, true, &submitted);
  put_back(*other, 2);
  RingOptions options = options_;
  options.salvage = true;
  RingDriver ring(fs_, "/data/ring", options);
  ASSERT_OK(ring.open());
  std::vector<StoredLog> logs;
  (void)ring.read_from(0, &logs);
  ASSERT_EQ(logs.size(), 2u);
}

TEST_F(SalvagePassesOver, NothingMustBeSalvagedIfTheHeaderSaysSo) {
  Submitted submitted;
  append(fs_, 2, false, &submitted);
  const auto other = append_in_vain(1, submitted);
  RingDriver ring(fs_, "/data/ring", options_, &submitted);
  ASSERT_OK(ring.open());
  submitted.attempt += 1;
  ASSERT_OK(ring.append(1));
  // The newest group, which nothing witnesses yet, is lost; in its place is one of the open before.
  put_back(*other, 2);
  const auto image = fs_.crash_image(rng_);
  RingDriver later(*image, "/data/ring", options_);
  ASSERT_OK(later.open());
  EXPECT_EQ(later.tip(), 2u);
}

TEST_F(SalvagePassesOver, RingsOfOnePageThatLostItsHeader) {
  Submitted submitted;
  append(fs_, 3, true, &submitted);
  const std::vector<uint8_t> zeros(kPageDataOffset, 0);
  fs_.overwrite(kPage, 0, zeros.data(), zeros.size());
  RingOptions options = options_;
  options.salvage = true;
  RingDriver ring(fs_, "/data/ring", options);
  ASSERT_OK(ring.open());
  std::vector<StoredLog> logs;
  ASSERT_OK(ring.read_from(0, &logs));
  EXPECT_EQ(logs.size(), 3u);
}

}  // namespace
}  // namespace waldo::test
