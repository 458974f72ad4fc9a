#include <gtest/gtest.h>

#include "support/page_bytes.h"
#include "support/ring_driver.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

// Rows T1 and T2 of the table in native/recovery.h.
class TornTail : public testing::Test {
 protected:
  // Leaves frames behind as a crash does: nothing is marked clean, and the last group is damaged as told.
  void crash_after(uint32_t frames, uint32_t group, uint32_t logs = 3) {
    RingDriver ring(posix_file_system(), directory_);
    ASSERT_OK(ring.open());
    for (uint32_t i = 0; i < frames; ++i) ASSERT_OK(ring.append(3));
    durable_tip_ = ring.tip();
    begin_ = ring.engine().ring().info().pages.back().state.end_offset;
    header_before_ = file_bytes(page_path(directory_, 0));
    ASSERT_OK(ring.append_group(group, logs));
    end_ = ring.engine().ring().info().pages.back().state.end_offset;
    ring.drop();
    // The clean close is undone: the headers go back to what they were before the group.
    ASSERT_TRUE(write_bytes(page_path(directory_, 0), 0, header_before_.data(), kPageDataOffset));
  }

  void reopen_expecting(uint64_t tip, RecoveryReport::Outcome outcome) {
    RingDriver ring(posix_file_system(), directory_);
    ASSERT_OK(ring.open());
    EXPECT_EQ(ring.tip(), tip);
    EXPECT_EQ(ring.engine().ring().info().recovery.outcome, outcome);
    EXPECT_EQ(ring.check(), "");
    ASSERT_OK(ring.append(3));
    ring.drop();
    ASSERT_OK(ring.open());
    EXPECT_EQ(ring.tip(), tip + 3);
    EXPECT_EQ(ring.check(), "");
  }

  TempDirectory home_;
  const std::string directory_ = home_ / "ring";
  std::vector<uint8_t> header_before_;
  uint64_t durable_tip_ = 0;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
};

TEST_F(TornTail, WholeGroupThatWasNeverAcknowledgedIsKept) {
  crash_after(5, 2);
  reopen_expecting(durable_tip_ + 6, RecoveryReport::Outcome::kRecovered);
}

TEST_F(TornTail, FrameCutShortIsDropped) {
  crash_after(5, 1, 20);
  const std::vector<uint8_t> zeros(end_ - begin_ - 512, 0);
  ASSERT_TRUE(
      write_bytes(page_path(directory_, 0), kPageDataOffset + begin_ + 512, zeros.data(), zeros.size()));
  reopen_expecting(durable_tip_, RecoveryReport::Outcome::kRecovered);
}

TEST_F(TornTail, FrameWithoutItsFirstSectorIsDropped) {
  crash_after(5, 1);
  const std::vector<uint8_t> zeros(512, 0);
  ASSERT_TRUE(write_bytes(page_path(directory_, 0), kPageDataOffset + begin_, zeros.data(), zeros.size()));
  reopen_expecting(durable_tip_, RecoveryReport::Outcome::kRecovered);
}

TEST_F(TornTail, LaterFrameOfATornGroupDoesNotReEmerge) {
  crash_after(5, 3);
  ASSERT_TRUE(flip_bit(page_path(directory_, 0), kPageDataOffset + begin_ + 200));
  RingDriver ring(posix_file_system(), directory_);
  ASSERT_OK(ring.open());
  EXPECT_EQ(ring.tip(), durable_tip_);
  EXPECT_GT(ring.engine().ring().info().recovery.torn_bytes, 0u);
  // The same logs again: the frame that takes the torn one's place has its length, and the old ones lie
  // right behind.
  ASSERT_OK(ring.append(3));
  ring.drop();
  ASSERT_OK(ring.open());
  EXPECT_EQ(ring.tip(), durable_tip_ + 3);
  EXPECT_EQ(ring.check(), "");
}

TEST_F(TornTail, RecoveredTailIsWrittenAgainWhereThePageCacheMayHoldIt) {
  crash_after(5, 2);
  RingOptions options = small_ring();
  options.direct = DirectIo::kOff;
  RingDriver ring(posix_file_system(), directory_, options);
  ASSERT_OK(ring.open());
  EXPECT_EQ(ring.engine().ring().info().recovery.rewritten_bytes, end_ - begin_);
}

}  // namespace
}  // namespace waldo::test
