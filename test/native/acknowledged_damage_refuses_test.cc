#include <gtest/gtest.h>

#include "support/page_bytes.h"
#include "support/ring_driver.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

// Rows C1 to C5 of the table in native/recovery.h, and what salvage makes of them.
class AcknowledgedDamage : public testing::Test {
 protected:
  void fill(uint64_t page_no) {
    RingDriver ring(posix_file_system(), directory_);
    ASSERT_OK(ring.open());
    ASSERT_OK(ring.fill_to_page(page_no));
    for (int i = 0; i < 8; ++i) ASSERT_OK(ring.append(2));
    info_ = ring.engine().ring().info();
    ASSERT_OK(ring.close());
  }

  // Opens, and expects a refusal that names the page and a range of lost logs.
  void expect_refused(uint64_t page_no) {
    RingDriver ring(posix_file_system(), directory_);
    const Status status = ring.open();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Code::kCorrupt) << status.error().message;
    ASSERT_TRUE(status.error().lost);
    EXPECT_EQ(status.error().lost->page, page_no) << status.error().message;
  }

  // Opens with salvage: what is lost is reported, what is left can be read, appends go on behind every old
  // number.
  void expect_salvaged(uint64_t lost_at_least) {
    RingOptions options = small_ring();
    options.salvage = true;
    RingDriver ring(posix_file_system(), directory_, options);
    ASSERT_OK(ring.open());
    const RingInfo info = ring.engine().ring().info();
    EXPECT_EQ(info.recovery.outcome, RecoveryReport::Outcome::kSalvaged);
    uint64_t lost = 0;
    for (const LostRange& gap : info.recovery.gaps) lost += gap.last - gap.first + 1;
    EXPECT_GE(lost, lost_at_least);
    EXPECT_EQ(ring.tip(), info_.bounds.tip);
    EXPECT_EQ(count_reading_over_gaps(ring), info_.log_count - lost);
    ASSERT_OK(ring.append(2));
    ASSERT_OK(ring.close());
    ring.drop();
    // The damage is accepted now: a plain open does.
    RingDriver plain(posix_file_system(), directory_);
    ASSERT_OK(plain.open());
    EXPECT_EQ(plain.tip(), info_.bounds.tip + 2);
  }

  uint64_t count_reading_over_gaps(RingDriver& ring) {
    uint64_t after = ring.engine().ring().bounds().after;
    uint64_t count = 0;
    for (;;) {
      std::vector<StoredLog> logs;
      const Status status = ring.read_from(after, &logs);
      for (const StoredLog& log : logs) EXPECT_EQ(log.data, content_of(log.seq_no));
      count += logs.size();
      if (status.ok()) return count;
      EXPECT_EQ(status.error().code, Code::kCorrupt) << status.error().message;
      if (!status.error().lost || status.error().lost->last <= after) return count;
      after = status.error().lost->last;
    }
  }

  std::string page(uint64_t page_no) { return page_path(directory_, static_cast<uint32_t>(page_no % 4)); }

  TempDirectory home_;
  const std::string directory_ = home_ / "ring";
  RingInfo info_;
};

TEST_F(AcknowledgedDamage, InTheNewestPage) {
  fill(0);
  ASSERT_TRUE(flip_bit(page(0), kPageDataOffset + 600));
  expect_refused(0);
  expect_salvaged(1);
}

TEST_F(AcknowledgedDamage, InTheLastFrameOfACleanlyClosedRing) {
  fill(5);
  const uint64_t end = info_.pages.back().state.end_offset;
  ASSERT_TRUE(flip_bit(page(5), kPageDataOffset + end - 512 + 3));
  expect_refused(5);
  expect_salvaged(1);
}

TEST_F(AcknowledgedDamage, InASealedPage) {
  fill(6);
  ASSERT_TRUE(flip_bit(page(4), kPageDataOffset + 5000));
  expect_refused(4);
  expect_salvaged(1);
}

TEST_F(AcknowledgedDamage, NamesTheLostRange) {
  fill(0);
  ASSERT_TRUE(flip_bit(page(0), kPageDataOffset + 40));
  RingDriver ring(posix_file_system(), directory_);
  const Status status = ring.open();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().lost->offset, 0u);
  EXPECT_EQ(status.error().lost->first, 1u);
  EXPECT_EQ(status.error().lost->last, 2u);
  EXPECT_NE(status.error().message.find("0000000000.page"), std::string::npos);
  EXPECT_NE(status.error().message.find("logs 1 to 2 are lost"), std::string::npos) << status.error().message;
}

TEST_F(AcknowledgedDamage, PageIsMissing) {
  fill(6);
  ASSERT_EQ(unlink(page(4).c_str()), 0);
  expect_refused(4);
  expect_salvaged(10);
}

TEST_F(AcknowledgedDamage, NewestPageIsMissing) {
  for (const uint64_t newest :
       {2, 6}) {  // in the first lap, where its file was never there before, and later
    fill(newest);
    const uint64_t first = info_.pages.back().first_seq_no;
    ASSERT_EQ(unlink(page(newest).c_str()), 0);
    expect_refused(newest);
    RingOptions options = small_ring();
    options.salvage = true;
    RingDriver ring(posix_file_system(), directory_, options);
    ASSERT_OK(ring.open());
    const RecoveryReport report = ring.engine().ring().info().recovery;
    EXPECT_EQ(report.outcome, RecoveryReport::Outcome::kSalvaged);
    ASSERT_EQ(report.gaps.size(), 1u);
    EXPECT_EQ(report.gaps[0].first, first);
    EXPECT_EQ(report.gaps[0].last, 0u) << "nothing tells how far the lost page went";
    ASSERT_OK(ring.append(2));
    EXPECT_EQ(ring.check(), "");
  }
}

TEST_F(AcknowledgedDamage, OldestPageIsMissing) {
  fill(6);
  const uint64_t last = info_.pages.front().state.last_seq_no;
  ASSERT_EQ(unlink(page(3).c_str()), 0);
  expect_refused(3);
  RingOptions options = small_ring();
  options.salvage = true;
  RingDriver ring(posix_file_system(), directory_, options);
  ASSERT_OK(ring.open());
  const RingInfo info = ring.engine().ring().info();
  EXPECT_EQ(info.recovery.outcome, RecoveryReport::Outcome::kSalvaged);
  ASSERT_EQ(info.recovery.gaps.size(), 1u);
  EXPECT_EQ(info.recovery.gaps[0].last, last);
  EXPECT_EQ(info.bounds.after, last);
  EXPECT_EQ(info.bounds.tip, info_.bounds.tip);
  EXPECT_EQ(ring.check(), "");
}

TEST_F(AcknowledgedDamage, PagesAreSwapped) {
  fill(6);
  ASSERT_EQ(rename(page(4).c_str(), (home_ / "aside").c_str()), 0);
  ASSERT_EQ(rename(page(5).c_str(), page(4).c_str()), 0);
  ASSERT_EQ(rename((home_ / "aside").c_str(), page(5).c_str()), 0);
  expect_refused(4);
}

TEST_F(AcknowledgedDamage, PageIsOfAnotherRing) {
  fill(6);
  RingOptions options = small_ring();
  options.ring_id[0] ^= 1;
  RingDriver other(posix_file_system(), home_ / "other", options);
  ASSERT_OK(other.open());
  ASSERT_OK(other.fill_to_page(6));
  ASSERT_OK(other.close());
  ASSERT_EQ(rename(page_path(home_ / "other", 1).c_str(), page(5).c_str()), 0);
  expect_refused(5);
  expect_salvaged(10);
}

TEST_F(AcknowledgedDamage, PageIsOfAnEarlierLap) {
  fill(4);
  const std::vector<uint8_t> old = file_bytes(page(3));
  {
    RingDriver ring(posix_file_system(), directory_);
    ASSERT_OK(ring.open());
    ASSERT_OK(ring.fill_to_page(8));
  }
  ASSERT_TRUE(write_bytes(page(3), 0, old.data(), old.size()));
  expect_refused(7);
}

TEST_F(AcknowledgedDamage, PageIsTruncated) {
  fill(6);
  ASSERT_EQ(truncate(page(5).c_str(), kPageDataOffset + 20000), 0);
  expect_refused(5);
  expect_salvaged(10);
}

TEST_F(AcknowledgedDamage, NewestPageLostItsHeaders) {
  fill(2);
  const std::vector<uint8_t> garbage(kPageDataOffset, 0xa5);
  ASSERT_TRUE(write_bytes(page(2), 0, garbage.data(), garbage.size()));
  RingDriver ring(posix_file_system(), directory_);
  const Status status = ring.open();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kCorrupt);
}

// What the frame behind the damage says counts, though it is cut short itself.
TEST_F(AcknowledgedDamage, OnlyWitnessIsTorn) {
  {
    RingDriver ring(posix_file_system(), directory_);
    ASSERT_OK(ring.open());
    for (int i = 0; i < 3; ++i) ASSERT_OK(ring.append(8));
  }
  const std::vector<uint8_t> bytes = file_bytes(page(0));
  std::vector<uint64_t> frames;
  for (uint64_t at = kPageDataOffset; at < kPageDataOffset + 16 * 1024; at += 512) {
    if (load<uint32_t>(bytes.data() + at) == kFrameMagic) frames.push_back(at);
  }
  ASSERT_EQ(frames.size(), 3u);
  // As after a power loss: the headers know nothing of these frames.
  const std::vector<uint8_t> zeros(kPageHeaderCopyStride, 0);
  const bool first_is_newer = load<PageHeader>(bytes.data()).generation >
                              load<PageHeader>(bytes.data() + kPageHeaderCopyStride).generation;
  ASSERT_TRUE(write_bytes(page(0), first_is_newer ? 0 : kPageHeaderCopyStride, zeros.data(), zeros.size()));
  ASSERT_TRUE(flip_bit(page(0), frames[1] + 200));
  ASSERT_TRUE(flip_bit(page(0), frames[2] + 200));
  expect_refused(0);
}

TEST_F(AcknowledgedDamage, AllPagesAreGone) {
  fill(1);
  for (uint32_t slot = 0; slot < 4; ++slot) (void)unlink(page_path(directory_, slot).c_str());
  RingDriver ring(posix_file_system(), directory_);
  const Status status = ring.open();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace waldo::test
