// Where a page's last frame was, the disk holds one of an earlier open that was never acknowledged and is longer: whole,
// but it ends where the page has ended already.
#include <gtest/gtest.h>

#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo::test {
namespace {

constexpr uint64_t kSector = SimFileSystem::kSectorBytes;
constexpr uint64_t kFrames = 100;  // of one log and one sector each, on the first page
const char kPage[] = "/ring/0000000000.page";

class FramesAcrossTheEnd : public testing::Test {
 protected:
  void SetUp() override {
    options_.background = false;
    append_frames(fs_, kFrames - 1, &submitted_);
    other_ = fs_.crash_image(rng_);
    {
      Submitted in_vain = submitted_;
      in_vain.attempt = 1;
      RingDriver ring(*other_, "/ring", options_, &in_vain);
      ASSERT_OK(ring.open());
      ASSERT_OK(ring.append(10));
    }
    append_frames(fs_, 0, &submitted_);  // the open that it was appended in
    submitted_.attempt = 2;
    append_frames(fs_, 1, &submitted_);
    RingDriver ring(fs_, "/ring", options_, &submitted_);
    ASSERT_OK(ring.open());
    // Has no room on the first page.
    ASSERT_OK(ring.append(logs_longer_than(options_.file_capacity - kFrames * kSector, kFrames + 1, 2)));
    ASSERT_EQ(ring.engine().ring().info().pages.size(), 2u);
    tip_ = ring.tip();
    ASSERT_OK(ring.close());
  }

  void append_frames(SimFileSystem& fs, uint64_t frames, Submitted* submitted) {
    RingDriver ring(fs, "/ring", options_, submitted);
    ASSERT_OK(ring.open());
    for (uint64_t i = 0; i < frames; ++i) ASSERT_OK(ring.append(1));
  }

  static uint32_t logs_longer_than(uint64_t bytes, uint64_t from, uint32_t attempt) {
    uint32_t logs = 0;
    for (uint64_t sum = 0; sum <= bytes; ++logs) sum += log_stride(content_of(from + logs, attempt).size());
    return logs;
  }

  void bring_it_back() {
    const std::vector<uint8_t> bytes = other_->file_bytes(kPage);
    const uint64_t offset = kPageDataOffset + (kFrames - 1) * kSector;
    const auto header = load<FrameHeader>(bytes.data() + offset);
    ASSERT_EQ(header.last_seq_no, kFrames + 9);
    ASSERT_GT(header.frame_bytes, kSector);
    fs_.overwrite(kPage, offset, bytes.data() + offset, align_up(header.frame_bytes, kSector));
  }

  // That all logs but the last of the first page are there, and its loss is told.
  void expect_one_lost(RingDriver& ring) {
    std::vector<StoredLog> logs;
    const Status read = ring.read_from(0, &logs);
    ASSERT_FALSE(read.ok());
    ASSERT_EQ(read.error().code, Code::kCorrupt);
    EXPECT_EQ(read.error().lost->first, kFrames);
    EXPECT_EQ(read.error().lost->last, kFrames);
    ASSERT_OK(ring.read_from(kFrames, &logs));
    ASSERT_EQ(logs.size(), tip_ - 1);
    for (const StoredLog& log : logs)
      EXPECT_EQ(log.data, content_of(log.seq_no, log.seq_no < kFrames ? 0 : 2));
  }

  SimFileSystem fs_{1};
  std::unique_ptr<SimFileSystem> other_;
  RingOptions options_ = small_ring();
  SimRng rng_{1};
  Submitted submitted_;
  uint64_t tip_ = 0;
};

TEST_F(FramesAcrossTheEnd, AreDamageToReaders) {
  RingDriver ring(fs_, "/ring", options_, &submitted_);
  ASSERT_OK(ring.open());
  bring_it_back();
  expect_one_lost(ring);
  VerifyReport report;
  ASSERT_OK(ring.engine().ring().verify(&report));
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_EQ(report.problems[0].kind, "frame");
  EXPECT_EQ(report.problems[0].range.first, kFrames);
  EXPECT_EQ(report.problems[0].range.last, kFrames);
}

TEST_F(FramesAcrossTheEnd, AreNotSalvaged) {
  bring_it_back();
  RingDriver refused(fs_, "/ring", options_);
  const Status status = refused.open();
  ASSERT_FALSE(status.ok());
  ASSERT_EQ(status.error().code, Code::kCorrupt);
  options_.salvage = true;
  {
    RingDriver ring(fs_, "/ring", options_, &submitted_);
    ASSERT_OK(ring.open());
    expect_one_lost(ring);
    ASSERT_OK(ring.close());
  }
  const auto header =
      load<FrameHeader>(fs_.file_bytes(kPage).data() + kPageDataOffset + (kFrames - 1) * kSector);
  EXPECT_NE(header.magic, kFrameMagic) << "it is still there";
}

}  // namespace
}  // namespace waldo::test
