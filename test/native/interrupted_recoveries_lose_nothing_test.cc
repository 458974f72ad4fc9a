// A recovery is killed at any step, the next one is cut off by a power loss at any step: what was
// acknowledged is there afterwards.
#include <gtest/gtest.h>

#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo::test {
namespace {

const bool kHold = true;

class InterruptedRecoveries : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(make_durable_directory(fs_, "/data"));
    options_.background = false;
    options_.direct = DirectIo::kOff;
  }

  void recover(SimFileSystem& fs) {
    RingDriver ring(fs, "/data/ring", options_);
    CursorState state;
    if (ring.open().ok()) (void)ring.engine().ring().open_cursor("c", &kHold, 0, &state);
  }

  // When a recovery writes: the changes before each write.
  std::vector<uint64_t> writes_of(const SimFileSystem& start) {
    const auto machine = start.clone();
    std::vector<uint64_t> writes;
    machine->set_hook([&](SimOperation operation, const std::string&) {
      // A write through the page cache is counted by the time the hook is called.
      if (operation == kSimWrite)
        writes.push_back(machine->changes() - (options_.direct == DirectIo::kOn ? 0 : 1));
    });
    recover(*machine);
    machine->set_hook(nullptr);
    return writes;
  }

  void expect_kept(const SimFileSystem& start, uint64_t acknowledged, uint64_t position) {
    for (const uint64_t kill : writes_of(start)) {
      const auto first = start.clone();
      first->set_crash_after(kill);
      recover(*first);
      const auto left = first->kill_image(rng_);
      for (const uint64_t cut : writes_of(*left)) {
        const auto second = left->clone();
        second->set_crash_after(cut);
        recover(*second);
        for (int i = 0; i < 200; ++i) {
          const auto image = second->crash_image(rng_);
          RingDriver last(*image, "/data/ring", options_);
          ASSERT_OK(last.open()) << "killed at " << kill << ", cut off at " << cut;
          ASSERT_GE(last.tip(), acknowledged) << "killed at " << kill << ", cut off at " << cut;
          CursorState state;
          ASSERT_OK(last.engine().ring().open_cursor("c", &kHold, 0, &state));
          ASSERT_EQ(state.position, position) << "killed at " << kill << ", cut off at " << cut;
        }
      }
    }
  }

  SimFileSystem fs_{1};
  SimRng rng_{3};
  RingOptions options_ = small_ring();
};

TEST_F(InterruptedRecoveries, LoseNoLogThatWasAcknowledged) {
  RingDriver ring(fs_, "/data/ring", options_);
  ASSERT_OK(ring.open());
  CursorState state;
  ASSERT_OK(ring.engine().ring().open_cursor("c", &kHold, 0, &state));
  for (int i = 0; i < 4; ++i) ASSERT_OK(ring.append(5));
  ASSERT_OK(ring.engine().ring().commit_cursor("c", 7));
  expect_kept(*fs_.kill_image(rng_), ring.tip(), 7);
}

// The other copy of its header is still that of the page before it in this slot.
TEST_F(InterruptedRecoveries, LosePagesThatHaveJustBegunAsLittle) {
  options_.page_capacity = 10;
  RingDriver ring(fs_, "/data/ring", options_);
  ASSERT_OK(ring.open());
  ASSERT_OK(ring.fill_to_page(6));
  CursorState state;
  const uint64_t position = ring.tip() - 1;
  ASSERT_OK(ring.engine().ring().open_cursor("c", &kHold, position, &state));
  expect_kept(*fs_.kill_image(rng_), ring.tip(), position);
}

}  // namespace
}  // namespace waldo::test
