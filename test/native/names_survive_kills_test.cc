// A process is killed between making a file and making its name durable. Whoever opens the ring next finds the file;
// a power loss must not take it away again.
#include <gtest/gtest.h>

#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo::test {
namespace {

constexpr int kImages = 20;

RingOptions options() {
  RingOptions options = small_ring();
  options.background = false;
  return options;
}

class NamesSurviveKills : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(make_durable_directory(fs_, "/data")); }

  void expect_kept(const SimFileSystem& machine, uint64_t tip) {
    for (int i = 0; i < kImages; ++i) {
      const auto image = machine.crash_image(rng_);
      RingDriver later(*image, "/data/ring", options());
      ASSERT_OK(later.open());
      ASSERT_EQ(later.tip(), tip);
    }
  }

  SimFileSystem fs_{7};
  SimRng rng_{11};
};

TEST_F(NamesSurviveKills, DuringCreation) {
  for (uint64_t step = 0; step < 40; ++step) {
    const auto first = fs_.clone();
    first->set_crash_after(step);
    RingDriver killed(*first, "/data/ring", options());
    (void)killed.open();
    const auto machine = first->kill_image(rng_);
    RingDriver ring(*machine, "/data/ring", options());
    ASSERT_OK(ring.open()) << "step " << step;
    ASSERT_OK(ring.append(3));
    expect_kept(*machine, ring.tip());
  }
}

TEST_F(NamesSurviveKills, WhilePagesAreMade) {
  for (uint64_t step = 0; step < 90; ++step) {
    const auto first = fs_.clone();
    RingDriver killed(*first, "/data/ring", options());
    ASSERT_OK(killed.open());
    first->set_crash_after(step);
    (void)killed.fill_to_page(1);
    const auto machine = first->kill_image(rng_);
    RingDriver ring(*machine, "/data/ring", options());
    ASSERT_OK(ring.open()) << "step " << step;
    ASSERT_OK(ring.fill_to_page(1));
    expect_kept(*machine, ring.tip());
  }
}

TEST_F(NamesSurviveKills, OfCursors) {
  RingDriver ring(fs_, "/data/ring", options());
  ASSERT_OK(ring.open());
  ASSERT_OK(ring.append(9));
  CursorState state;
  for (uint64_t step = 0; step < 20; ++step) {
    const auto first = fs_.clone();
    first->set_crash_after(step);
    bool created = false;
    (void)Cursors(*first, "/data/ring", options().ring_id, 0600, "").open("c", nullptr, 0, &state, &created);
    const auto machine = first->kill_image(rng_);
    Cursors cursors(*machine, "/data/ring", options().ring_id, 0600, "");
    ASSERT_OK(cursors.open("c", nullptr, 0, &state, &created));
    ASSERT_OK(cursors.commit("c", 5));
    for (int i = 0; i < kImages; ++i) {
      const auto image = machine->crash_image(rng_);
      std::vector<CursorState> found;
      ASSERT_OK(Cursors(*image, "/data/ring", options().ring_id, 0600, "").list(&found));
      ASSERT_EQ(found.size(), 1u) << "step " << step;
      ASSERT_EQ(found[0].position, 5u);
    }
  }
}

TEST_F(NamesSurviveKills, OfPagesWhoseDirectoryFailedToSync) {
  RingDriver ring(fs_, "/data/ring", options());
  ASSERT_OK(ring.open());
  SimFault fault;
  fault.operations = kSimSyncDirectory;
  fs_.inject(fault);
  Status status;
  while (status.ok() && ring.tip() < 2000) status = ring.append(10);
  if (!status.ok()) {
    ring.drop();
    ASSERT_OK(ring.open());
  }
  ASSERT_OK(ring.fill_to_page(1));
  expect_kept(fs_, ring.tip());
}

}  // namespace
}  // namespace waldo::test
