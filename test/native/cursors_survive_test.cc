// Durable cursors through power losses and failures: never ahead of what was asked for, never behind what was
// acknowledged.
#include <gtest/gtest.h>

#include "cursors.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo {
namespace {

constexpr RingId kRing{1, 2, 3};
constexpr RingId kOtherRing{4};

std::unique_ptr<Cursors> cursors_of(FileSystem& fs, const RingId& ring = kRing) {
  return std::make_unique<Cursors>(fs, "ring", ring, 0600, "a test");
}

class CursorsSurvive : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(make_durable_directory(fs_, "ring")); }

  SimFileSystem fs_{3};
  SimRng rng_{5};
};

TEST_F(CursorsSurvive, PowerLossAtEveryStep) {
  for (uint64_t step = 0; step < 40; ++step) {
    const auto fs = fs_.clone();
    fs->set_crash_after(step);
    const auto cursors = cursors_of(*fs);
    const bool hold = true;
    CursorState state;
    bool created = false;
    bool opened = cursors->open("a", &hold, 7, &state, &created).ok();
    uint64_t acknowledged = 7;
    uint64_t asked = 7;
    while (opened && !fs->crashed()) {
      asked = acknowledged + 1 + rng_.below(50);
      if (cursors->commit("a", asked).ok()) acknowledged = asked;
    }
    for (int i = 0; i < 20; ++i) {
      const auto image = fs->crash_image(rng_);
      std::vector<CursorState> found;
      ASSERT_OK(cursors_of(*image)->list(&found));
      if (!opened && found.empty()) continue;
      ASSERT_EQ(found.size(), 1u) << "step " << step;
      EXPECT_FALSE(found[0].damaged);
      EXPECT_TRUE(found[0].hold);
      EXPECT_TRUE(found[0].position == acknowledged || found[0].position == asked)
          << found[0].position << " after step " << step;
    }
  }
}

TEST_F(CursorsSurvive, WhatIsOpenedIsDurable) {
  const auto cursors = cursors_of(fs_);
  CursorState state;
  bool created = false;
  ASSERT_OK(cursors->open("a", nullptr, 0, &state, &created));
  ASSERT_OK(cursors->commit("a", 10));
  SimFault fault;
  fault.operations = kSimWrite;
  fs_.inject(fault);
  EXPECT_FALSE(cursors->commit("a", 20).ok());
  // The failed write may be seen; whatever is seen by the next one to open it stays.
  for (int i = 0; i < 50; ++i) {
    const auto killed = fs_.kill_image(rng_);
    ASSERT_OK(cursors_of(*killed)->open("a", nullptr, 0, &state, &created));
    EXPECT_FALSE(created);
    std::vector<CursorState> found;
    ASSERT_OK(cursors_of(*killed->crash_image(rng_))->list(&found));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].position, state.position);
    EXPECT_GE(found[0].position, 10u);
  }
}

TEST_F(CursorsSurvive, PositionSeenByAnotherProcessIsDurable) {
  const auto writer = cursors_of(fs_);
  const auto consumer = cursors_of(fs_);
  const bool hold = true;
  CursorState state;
  bool created = false;
  ASSERT_OK(consumer->open("a", &hold, 0, &state, &created));
  std::vector<CursorState> seen;
  ASSERT_OK(writer->list(&seen));
  bool looked = false;
  fs_.set_hook([&](SimOperation operation, const std::string& path) {
    // The position can be read by now, and is not on the disk yet.
    if (operation != kSimWrite || looked || path.find(".cursor") == std::string::npos) return;
    looked = true;
    ASSERT_OK(writer->list(&seen));
    for (int i = 0; i < 40; ++i) {
      std::vector<CursorState> found;
      ASSERT_OK(cursors_of(*fs_.crash_image(rng_))->list(&found));
      EXPECT_GE(found.at(0).position, seen.at(0).position);
    }
  });
  ASSERT_OK(consumer->commit("a", 30));
  fs_.set_hook(nullptr);
  EXPECT_TRUE(looked);
  EXPECT_EQ(seen.at(0).position, 30u);
}

TEST_F(CursorsSurvive, OpenCursorIsLocked) {
  const auto one = cursors_of(fs_);
  const auto other = cursors_of(fs_);
  CursorState state;
  bool created = false;
  ASSERT_OK(one->open("a", nullptr, 0, &state, &created));
  for (const Status& status : {other->open("a", nullptr, 0, &state, &created), other->remove("a")}) {
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Code::kLocked);
    EXPECT_EQ(status.error().holder, "a test");
  }
  one->close("a");
  ASSERT_OK(other->remove("a"));
  EXPECT_EQ(other->remove("a").error().code, Code::kNotFound);
}

TEST_F(CursorsSurvive, CursorOfAnotherRingIsRefused) {
  CursorState state;
  bool created = false;
  ASSERT_OK(cursors_of(fs_, kOtherRing)->open("a", nullptr, 5, &state, &created));
  const Status status = cursors_of(*fs_.clone())->open("a", nullptr, 0, &state, &created);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kCursor);
}

TEST_F(CursorsSurvive, DamageOfBothCopiesIsNamed) {
  CursorState state;
  bool created = false;
  ASSERT_OK(cursors_of(fs_)->open("a", nullptr, 5, &state, &created));
  fs_.flip_bit("ring/cursors/a.cursor", 8 * 40);
  std::vector<CursorState> found;
  ASSERT_OK(cursors_of(fs_)->list(&found));
  EXPECT_FALSE(found.at(0).damaged) << "one copy is enough";
  EXPECT_EQ(found.at(0).position, 5u);
  fs_.flip_bit("ring/cursors/a.cursor", 8 * (kCursorCopyStride + 40));
  ASSERT_OK(cursors_of(fs_)->list(&found));
  EXPECT_TRUE(found.at(0).damaged);
  const Status status = cursors_of(fs_)->open("a", nullptr, 0, &state, &created);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kCorrupt);
  ASSERT_OK(cursors_of(fs_)->remove("a"));
}

}  // namespace
}  // namespace waldo
