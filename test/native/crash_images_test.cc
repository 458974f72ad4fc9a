// acknowledged ⊆ recovered ⊆ submitted, over chains of power losses and kills at any operation of open,
// append, wrap, recovery and close. A failure names its seed.
#include <gtest/gtest.h>

#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo::test {
namespace {

struct Campaign {
  const char* name;
  bool dsync;
  DirectIo direct;
  bool kill;  // the process dies, not the machine
};

class CrashImages : public testing::TestWithParam<Campaign> {};

// One life of the ring: from open until the crash, or until it is left unclosed or closed.
std::string live(SimFileSystem& fs, const Campaign& campaign, SimRng& rng, Submitted* submitted) {
  RingOptions options = small_ring();
  options.dsync = campaign.dsync;
  options.direct = campaign.direct;
  options.background = false;
  RingDriver ring(fs, "/data/ring", options, submitted);
  const uint64_t acknowledged = submitted->acknowledged;
  const uint64_t last = submitted->last();
  const Status opened = ring.open();
  if (!opened.ok()) return fs.crashed() ? "" : "open failed: " + opened.error().message;
  if (ring.tip() < acknowledged)
    return "acknowledged " + std::to_string(acknowledged) + ", recovered " + std::to_string(ring.tip());
  if (ring.tip() > last)
    return "submitted " + std::to_string(last) + ", recovered " + std::to_string(ring.tip());
  const std::string wrong = ring.check();
  if (!wrong.empty() && !fs.crashed()) return wrong;
  submitted->attempt += 1;
  const uint64_t groups = rng.below(40);
  for (uint64_t i = 0; i < groups; ++i) {
    const auto frames = static_cast<uint32_t>(1 + rng.below(3));
    if (!ring.append_group(frames, static_cast<uint32_t>(1 + rng.below(15))).ok()) break;
    if (rng.below(12) == 0) (void)ring.engine().ring().persist_watermark();
  }
  if (!campaign.dsync) submitted->acknowledged = acknowledged;  // nothing is promised before close()
  if (rng.below(3) == 0) {
    const uint64_t tip = ring.tip();
    if (ring.close().ok()) submitted->acknowledged = tip;
  }
  return "";
}

TEST_P(CrashImages, AcknowledgedIsRecoveredAndRecoveredWasSubmitted) {
  constexpr uint64_t kSeeds = 300;
  constexpr int kLives = 8;
  const Campaign& campaign = GetParam();
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimRng rng(seed);
    auto fs = std::make_unique<SimFileSystem>(seed);
    ASSERT_OK(make_durable_directory(*fs, "/data"));
    Submitted submitted;
    for (int round = 0; round < kLives; ++round) {
      fs->set_crash_after(rng.below(round % 2 == 0 ? 90 : 25));
      const std::string wrong = live(*fs, campaign, rng, &submitted);
      ASSERT_EQ(wrong, "") << campaign.name << ", seed " << seed << ", life " << round;
      fs = campaign.kill ? fs->kill_image(rng) : fs->crash_image(rng);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Campaigns, CrashImages,
                         testing::Values(Campaign{"direct", true, DirectIo::kOn, false},
                                         Campaign{"buffered", true, DirectIo::kOff, false},
                                         Campaign{"unsynced", false, DirectIo::kOff, false},
                                         Campaign{"killed", true, DirectIo::kOff, true},
                                         Campaign{"killed_unsynced", false, DirectIo::kOff, true}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace waldo::test
