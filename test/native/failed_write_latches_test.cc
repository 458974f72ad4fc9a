// The first failed write latches the ring: nothing later is acknowledged, reads go on, reopening recovers.
#include <gtest/gtest.h>

#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo::test {
namespace {

class FailedWrite : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    bool created = false;
    ASSERT_OK(fs_.make_directory("/data", 0700, &created));
    options_.background = false;
    ring_ = std::make_unique<RingDriver>(fs_, "/data/ring", options_, &submitted_);
    ASSERT_OK(ring_->open());
    for (int i = 0; i < 5; ++i) ASSERT_OK(ring_->append(3));
  }

  SimFileSystem fs_;
  RingOptions options_ = small_ring();
  Submitted submitted_;
  std::unique_ptr<RingDriver> ring_;
};

TEST_P(FailedWrite, LatchesTheRing) {
  const uint64_t durable = ring_->tip();
  SimFault fault;
  fault.operations = kSimWrite;
  fault.sys_errno = GetParam();
  fs_.inject(fault);
  Status status = ring_->append(3);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kIo);
  EXPECT_EQ(status.error().sys_errno, GetParam());
  status = ring_->append(3);
  ASSERT_FALSE(status.ok()) << "the disk works again, but nothing may be acknowledged";
  EXPECT_EQ(status.error().sys_errno, GetParam());
  EXPECT_EQ(ring_->tip(), durable);
  EXPECT_EQ(ring_->check(), "");
  EXPECT_OK(ring_->close());
  ring_->drop();
  ASSERT_OK(ring_->open());
  EXPECT_GE(ring_->tip(), durable);
  EXPECT_EQ(ring_->check(), "");
  ASSERT_OK(ring_->append(3));
}

INSTANTIATE_TEST_SUITE_P(Errors, FailedWrite, testing::Values(EIO, ENOSPC, EDQUOT));

// Each changing operation of a life with wraps fails, once and for good, in turn.
TEST(EveryOperationFails, AndNothingAcknowledgedIsLost) {
  for (const bool for_good : {false, true}) {
    for (uint64_t skip = 0;; ++skip) {
      SimFileSystem fs(skip + 1);
      bool created = false;
      ASSERT_OK(fs.make_directory("/data", 0700, &created));
      RingOptions options = small_ring();
      options.background = false;
      options.direct = skip % 2 == 0 ? DirectIo::kOn : DirectIo::kOff;
      SimFault fault;
      fault.skip = skip;
      fault.for_good = for_good;
      fs.inject(fault);
      Submitted submitted;
      bool failed = false;
      {
        RingDriver ring(fs, "/data/ring", options, &submitted);
        failed = !ring.open().ok();
        for (int i = 0; i < 40 && !failed; ++i) failed = !ring.append(20).ok();
        if (!failed) failed = !ring.close().ok();
      }
      fs.clear_faults();
      RingDriver again(fs, "/data/ring", options, &submitted);
      ASSERT_OK(again.open()) << "operation " << skip;
      ASSERT_GE(again.tip(), submitted.acknowledged) << "operation " << skip;
      ASSERT_EQ(again.check(), "") << "operation " << skip;
      if (!failed) break;
    }
  }
}

}  // namespace
}  // namespace waldo::test
