// What failed to be written through the page cache is not built upon: on ext4, a block whose first write failed reads as
// zeros after a power loss, whatever was written to it since with success, unless the cache was dropped before.
#include <gtest/gtest.h>

#include <cerrno>

#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo::test {
namespace {

class FailedWritesAreDropped : public testing::Test {
 protected:
  FailedWritesAreDropped() {
    options_.direct = DirectIo::kOff;
    options_.background = false;
  }

  void fail_once(SimFileSystem& fs, uint32_t operations, const char* path, uint64_t skip) {
    SimFault fault;
    fault.operations = operations;
    fault.path_contains = path;
    fault.skip = skip;
    fs.inject(fault);
  }

  void expect_all_after_power_loss(SimFileSystem& fs, Submitted submitted) {
    for (int i = 0; i < 20; ++i) {
      const auto image = fs.crash_image(rng_);
      RingDriver ring(*image, "/data/ring", options_, &submitted);
      ASSERT_OK(ring.open());
      EXPECT_GE(ring.tip(), submitted.acknowledged);
      EXPECT_EQ(ring.check(), "");
    }
  }

  RingOptions options_ = small_ring();
  SimRng rng_{5};
};

TEST_F(FailedWritesAreDropped, WhenAPageIsMadeReadyAgain) {
  for (uint64_t skip = 0; skip < 8; ++skip) {
    SCOPED_TRACE(skip);
    SimFileSystem fs(skip + 1);
    ASSERT_OK(make_durable_directory(fs, "/data"));
    fail_once(fs, kSimWrite | kSimSync, "0000000001.page", skip);
    Submitted submitted;
    RingDriver ring(fs, "/data/ring", options_, &submitted);
    ASSERT_OK(ring.open());
    for (int i = 0; i < 40 && ring.append(20).ok();) ++i;
    expect_all_after_power_loss(fs, submitted);
  }
}

TEST_F(FailedWritesAreDropped, WhenARingIsOpenedAgain) {
  for (const uint64_t before : {0, 1, 5}) {
    SCOPED_TRACE(before);
    SimFileSystem fs(before + 1);
    fs.set_tells_holes(false);  // so that nothing was written to a page before its frames
    ASSERT_OK(make_durable_directory(fs, "/data"));
    Submitted submitted;
    {
      RingDriver ring(fs, "/data/ring", options_, &submitted);
      ASSERT_OK(ring.open());
      for (uint64_t i = 0; i < before; ++i) ASSERT_OK(ring.append(40));
      fail_once(fs, kSimWrite, ".page", 0);
      ASSERT_FALSE(ring.append(40).ok());
    }
    submitted.attempt += 1;
    RingDriver again(fs, "/data/ring", options_, &submitted);
    ASSERT_OK(again.open());
    submitted.acknowledged = again.tip();
    for (int i = 0; i < 5; ++i) ASSERT_OK(again.append(40));
    expect_all_after_power_loss(fs, submitted);
  }
}

}  // namespace
}  // namespace waldo::test
