// Frames queued while a write is in flight share the next one; readers see them only when it has returned.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

TEST(GroupCommit, WritesEverythingQueuedWhileOthersRead) {
  TempDirectory home;
  RingOptions options = small_ring();
  options.buf_capacity = 64 * 1024;
  RingDriver ring(posix_file_system(), home / "ring", options);
  ASSERT_OK(ring.open());
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const Bounds bounds = ring.engine().ring().bounds();
        ReadChunk chunk;
        const Status status = ring.engine().read(bounds.after, 32 * 1024, &chunk);
        EXPECT_TRUE(status.ok() || status.error().code == Code::kTrimmed) << status.error().message;
        if (chunk.slab) {
          EXPECT_LE(chunk.last_seq_no, ring.tip());
        }
        (void)ring.engine().ring().info();
      }
    });
  }
  constexpr uint32_t kRounds = 200;
  constexpr uint32_t kFrames = 5;
  for (uint32_t i = 0; i < kRounds; ++i) {
    // Small frames are sealed here, large ones by the sealing thread; order holds between them.
    ASSERT_OK(ring.submit(kFrames, i % 4 == 0 ? 70 : 2));
    if (i % 10 == 0) ring.engine().commit_now();
  }
  ring.engine().commit_now();
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_OK(ring.engine().failure());
  EXPECT_EQ(ring.engine().committed(), kRounds * kFrames);
  EXPECT_LT(ring.engine().ring().info().commits, kRounds * kFrames);
  EXPECT_EQ(ring.check(), "");
}

TEST(GroupCommit, CloseWritesWhatIsQueued) {
  TempDirectory home;
  RingDriver ring(posix_file_system(), home / "ring");
  ASSERT_OK(ring.open());
  ASSERT_OK(ring.submit(6, 4));
  ASSERT_OK(ring.close());
  ring.drop();
  ASSERT_OK(ring.open());
  EXPECT_EQ(ring.tip(), 24u);
  EXPECT_EQ(ring.engine().ring().info().recovery.outcome, RecoveryReport::Outcome::kClean);
}

TEST(GroupCommit, NothingIsVisibleWhileTheDeviceStalls) {
  SimFileSystem fs;
  bool created = false;
  ASSERT_OK(fs.make_directory("/data", 0700, &created));
  RingOptions options = small_ring();
  options.direct = DirectIo::kOff;  // the bytes are in the page cache, and still must not be served
  RingDriver ring(fs, "/data/ring", options);
  ASSERT_OK(ring.open());
  ASSERT_OK(ring.append(3));
  std::mutex mutex;
  std::condition_variable changed;
  bool stalled = false;
  bool go_on = false;
  fs.set_hook([&](SimOperation operation, const std::string& path) {
    if (operation != kSimWrite || path.find("0000000000.page") == std::string::npos) return;
    std::unique_lock<std::mutex> lock(mutex);
    stalled = true;
    changed.notify_all();
    changed.wait(lock, [&] { return go_on; });
  });
  ASSERT_OK(ring.submit(1, 3));
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return stalled; });
  }
  EXPECT_EQ(ring.tip(), 3u);
  ReadChunk chunk;
  ASSERT_OK(ring.engine().read(3, 4096, &chunk));
  EXPECT_EQ(chunk.slab, nullptr);
  {
    std::lock_guard<std::mutex> lock(mutex);
    go_on = true;
  }
  changed.notify_all();
  ring.engine().commit_now();
  EXPECT_EQ(ring.tip(), 6u);
}

}  // namespace
}  // namespace waldo::test
