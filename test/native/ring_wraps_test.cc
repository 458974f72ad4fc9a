#include <gtest/gtest.h>

#include "support/page_bytes.h"
#include "support/ring_driver.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

class RingWraps : public testing::Test {
 protected:
  TempDirectory home_;
  RingDriver ring_{posix_file_system(), home_ / "ring"};
};

TEST_F(RingWraps, OldestPageIsReusedAndTheRestIsKept) {
  ASSERT_OK(ring_.open());
  ASSERT_OK(ring_.fill_to_page(9));
  const RingInfo info = ring_.engine().ring().info();
  ASSERT_EQ(info.pages.size(), 4u);
  EXPECT_EQ(info.pages.front().state.page_no, 6u);
  EXPECT_EQ(info.bounds.after, info.pages.front().state.prev_seq_no);
  EXPECT_GT(info.bounds.after, 0u);
  EXPECT_EQ(ring_.check(), "");
}

TEST_F(RingWraps, ReaderBehindTheTrimPointIsToldTheOldestLog) {
  ASSERT_OK(ring_.open());
  ASSERT_OK(ring_.fill_to_page(5));
  ReadChunk chunk;
  const Status status = ring_.engine().read(0, 4096, &chunk);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kTrimmed);
  EXPECT_EQ(status.error().oldest, ring_.engine().ring().bounds().after + 1);
}

TEST_F(RingWraps, EveryPositionCanBeReadFrom) {
  ASSERT_OK(ring_.open());
  ASSERT_OK(ring_.fill_to_page(6));
  const Bounds bounds = ring_.engine().ring().bounds();
  for (uint64_t after = bounds.after; after < bounds.tip; ++after) {
    ReadChunk chunk;
    ASSERT_OK(ring_.engine().read(after, 1024, &chunk));
    ASSERT_NE(chunk.slab, nullptr);
    EXPECT_LE(chunk.prev_seq_no, after);
    EXPECT_GT(chunk.last_seq_no, after);
  }
  ReadChunk none;
  ASSERT_OK(ring_.engine().read(bounds.tip, 1024, &none));
  EXPECT_EQ(none.slab, nullptr);
}

TEST_F(RingWraps, WhatWasFetchedTellsWhereToGoOnBeforeItIsChecked) {
  ASSERT_OK(ring_.open());
  ASSERT_OK(ring_.fill_to_page(6));
  const Bounds bounds = ring_.engine().ring().bounds();
  uint64_t after = bounds.after;
  while (after < bounds.tip) {
    Ring::Fetched fetched;
    ASSERT_OK(ring_.engine().fetch(after, 8192, &fetched));
    ReadChunk chunk;
    ASSERT_OK(ring_.engine().check(fetched, &chunk));
    ASSERT_EQ(chunk.last_seq_no, fetched.last_seq_no);
    ASSERT_LE(chunk.prev_seq_no, after);
    after = fetched.last_seq_no;
  }
  EXPECT_EQ(after, bounds.tip);
}

TEST_F(RingWraps, ReopenedAfterAnyNumberOfFramesItGoesOn) {
  for (int round = 0; round < 60; ++round) {
    ASSERT_OK(ring_.open());
    ASSERT_EQ(ring_.check(), "") << "round " << round;
    for (int i = 0; i < round; ++i) ASSERT_OK(ring_.append(1 + static_cast<uint32_t>(i % 7)));
    ASSERT_OK(ring_.close());
    ring_.drop();
  }
}

TEST_F(RingWraps, PageIsFullWhenItsLogsOrItsIndexAre) {
  ring_.options().page_capacity = 25;
  ASSERT_OK(ring_.open());
  for (int i = 0; i < 8; ++i) ASSERT_OK(ring_.append(10));
  for (const PageInfo& page : ring_.engine().ring().info().pages) EXPECT_LE(page.state.log_count, 25u);
  EXPECT_EQ(ring_.check(), "");
}

TEST_F(RingWraps, FirstLogMayFollowAnyNumber) {
  RingOptions options = small_ring();
  std::unique_ptr<Engine> engine;
  ASSERT_OK(Engine::open(
      posix_file_system(), home_ / "ring", options, 2, false, [] {}, &engine));
  auto slab = engine->slabs().take();
  const LogHeader header{100, 41, 0, 0};
  std::memcpy(slab->data() + sizeof(FrameHeader), &header, sizeof(header));
  ASSERT_OK(engine->submit(slab, 0, sizeof(FrameHeader) + sizeof(header), 1, false));
  engine->commit_now();
  ASSERT_OK(engine->failure());
  engine.reset();
  ASSERT_OK(Engine::open(
      posix_file_system(), home_ / "ring", options, 2, false, [] {}, &engine));
  EXPECT_EQ(engine->ring().bounds().after, 41u);
  EXPECT_EQ(engine->ring().bounds().tip, 100u);
  ReadChunk chunk;
  ASSERT_OK(engine->read(41, 1024, &chunk));
  EXPECT_EQ(chunk.first_seq_no, 100u);
}

}  // namespace
}  // namespace waldo::test
