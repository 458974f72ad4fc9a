// No flipped bit, anywhere in a ring of several laps that was closed cleanly, costs an acknowledged log
// silently: what the ring shows afterwards is everything, or an error.
#include <gtest/gtest.h>

#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo::test {
namespace {

RingOptions reader_options() {
  RingOptions options = small_ring();
  options.read_only = true;
  return options;
}

class BitFlips : public testing::Test {
 protected:
  void SetUp() override {
    bool created = false;
    ASSERT_OK(fs_.make_directory("/data", 0700, &created));
    RingOptions options = small_ring();
    options.background = false;
    RingDriver ring(fs_, "/data/ring", options);
    ASSERT_OK(ring.open());
    ASSERT_OK(ring.fill_to_page(6));
    for (int i = 0; i < 12; ++i) ASSERT_OK(ring.append(3));
    bounds_ = ring.engine().ring().bounds();
    ASSERT_OK(ring.close());
  }

  // What opening and reading everything comes to: "whole", "refused", or what is wrong.
  std::string outcome_with(const std::string& path, uint64_t bit) {
    auto damaged = fs_.clone();
    damaged->flip_bit(path, bit);
    RingDriver ring(*damaged, "/data/ring", reader_options());
    Status status = ring.open();
    if (!status.ok())
      return status.error().code == Code::kCorrupt || status.error().code == Code::kVersion
                 ? "refused"
                 : status.error().message;
    const Bounds bounds = ring.engine().ring().bounds();
    if (bounds.tip != bounds_.tip || bounds.after != bounds_.after) return "other bounds";
    const std::string wrong = ring.check();
    if (wrong.empty()) return "whole";
    std::vector<StoredLog> logs;
    status = ring.read_from(bounds.after, &logs);
    return !status.ok() && status.error().code == Code::kCorrupt ? "refused" : wrong;
  }

  void flip_every(const std::string& path, uint64_t from, uint64_t to, uint64_t step, uint64_t* refused) {
    for (uint64_t bit = from; bit < to; bit += step) {
      const std::string outcome = outcome_with(path, bit);
      ASSERT_TRUE(outcome == "whole" || outcome == "refused") << path << ", bit " << bit << ": " << outcome;
      if (outcome == "refused") ++*refused;
    }
  }

  SimFileSystem fs_;
  Bounds bounds_;
};

TEST_F(BitFlips, InTheSuperblockAreHarmless) {
  uint64_t refused = 0;
  flip_every("/data/ring/RING", 0, kSuperblockFileBytes * 8, 29, &refused);
  flip_every("/data/ring/RING", 0, sizeof(Superblock) * 8, 1, &refused);
  EXPECT_EQ(refused, 0u);
}

TEST_F(BitFlips, InPageHeadersAreHarmlessOrRefused) {
  uint64_t refused = 0;
  for (uint32_t slot = 0; slot < 4; ++slot) {
    const std::string path = "/data/ring/" + page_file_name(slot);
    for (uint64_t copy = 0; copy < 2; ++copy) {
      const uint64_t base = copy * kPageHeaderCopyStride * 8;
      flip_every(path, base, base + sizeof(PageHeader) * 8, 5, &refused);
    }
  }
}

TEST_F(BitFlips, InFramesAreRefused) {
  uint64_t refused = 0;
  for (uint32_t slot = 0; slot < 4; ++slot) {
    const std::string path = "/data/ring/" + page_file_name(slot);
    flip_every(path, kPageDataOffset * 8, (kPageDataOffset + small_ring().file_capacity) * 8, 1201, &refused);
  }
  EXPECT_GT(refused, 500u);
}

TEST_F(BitFlips, InIndexesAreHarmless) {
  uint64_t refused = 0;
  const uint64_t index = (kPageDataOffset + small_ring().file_capacity) * 8;
  for (uint32_t slot = 0; slot < 4; ++slot)
    flip_every("/data/ring/" + page_file_name(slot), index, index + 8 * 1024, 97, &refused);
  EXPECT_EQ(refused, 0u);
}

}  // namespace
}  // namespace waldo::test
