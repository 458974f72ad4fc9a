// A recovery through the page cache is killed at any step, the next one is cut off by a power loss at any step: what was
// acknowledged is there afterwards.
#include <gtest/gtest.h>

#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo::test {
namespace {

TEST(InterruptedRecoveries, LoseNothingThatWasAcknowledged) {
  constexpr uint64_t kSteps = 14;
  SimRng rng(3);
  SimFileSystem fs(1);
  bool created = false;
  ASSERT_OK(fs.make_directory("/data", 0700, &created));
  ASSERT_OK(fs.sync_directory("/"));
  RingOptions options = small_ring();
  options.background = false;
  options.direct = DirectIo::kOff;
  RingDriver ring(fs, "/data/ring", options);
  ASSERT_OK(ring.open());
  for (int i = 0; i < 4; ++i) ASSERT_OK(ring.append(5));
  const uint64_t acknowledged = ring.tip();
  const auto start = fs.kill_image(rng);
  for (uint64_t kill = 0; kill < kSteps; ++kill) {
    const auto first = start->clone();
    first->set_crash_after(kill);
    (void)RingDriver(*first, "/data/ring", options).open();
    const auto left = first->kill_image(rng);
    for (uint64_t cut = 0; cut < kSteps; ++cut) {
      const auto second = left->clone();
      second->set_crash_after(cut);
      (void)RingDriver(*second, "/data/ring", options).open();
      for (int i = 0; i < 50; ++i) {
        const auto image = second->crash_image(rng);
        RingDriver last(*image, "/data/ring", options);
        ASSERT_OK(last.open()) << "killed at " << kill << ", cut off at " << cut;
        ASSERT_GE(last.tip(), acknowledged) << "killed at " << kill << ", cut off at " << cut;
      }
    }
  }
}

}  // namespace
}  // namespace waldo::test
