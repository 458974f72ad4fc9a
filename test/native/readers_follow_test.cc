// A reader of its own beside a writer: it sees each log once, in order and as it was written, or is told that it is
// trimmed; over many laps and writers.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "head.h"
#include "support/page_bytes.h"
#include "support/ring_driver.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

RingOptions read_only() {
  RingOptions options = small_ring();
  options.read_only = true;
  options.given = {};
  return options;
}

// Reads on from `after` to the tip; "" if what came is right.
std::string read_on(RingDriver& reader, uint64_t* after, uint64_t* seen) {
  std::vector<StoredLog> logs;
  const Status status = reader.read_from(*after, &logs);
  for (const StoredLog& log : logs) {
    if (log.prev_seq_no != *after || log.seq_no != *after + 1 || log.data != content_of(log.seq_no))
      return "log " + std::to_string(log.seq_no) + " after " + std::to_string(*after);
    *after = log.seq_no;
    ++*seen;
  }
  if (status.ok()) return "";
  if (status.error().code != Code::kTrimmed) return status.error().message;
  const uint64_t trimmed_to = reader.engine().ring().bounds().after;
  if (trimmed_to <= *after && status.error().oldest.value_or(0) <= *after + 1)
    return "trimmed, but nothing was: " + status.error().message;
  *after = std::max(*after, trimmed_to);
  return "";
}

TEST(ReadersFollow, OverManyLapsAndWriters) {
  TempDirectory home;
  RingDriver writer(posix_file_system(), home / "ring");
  ASSERT_OK(writer.open());
  ASSERT_OK(writer.append(5));
  RingDriver reader(posix_file_system(), home / "ring", read_only());
  ASSERT_OK(reader.open());
  std::atomic<uint64_t> tip{0};
  std::atomic<bool> done{false};
  std::thread writing([&] {
    for (int lives = 0; lives < 5; ++lives) {
      for (int i = 0; i < 150; ++i) ASSERT_OK(writer.append(1 + static_cast<uint32_t>(i % 15)));
      tip = writer.tip();
      ASSERT_OK(writer.close());
      writer.drop();
      ASSERT_OK(writer.open());
    }
    done = true;
  });
  uint64_t after = 0;
  uint64_t seen = 0;
  std::string wrong;
  while (wrong.empty() && !(done && after >= tip)) wrong = read_on(reader, &after, &seen);
  writing.join();
  EXPECT_EQ(wrong, "");
  EXPECT_EQ(after, writer.tip());
  EXPECT_GT(seen, 100u);
  EXPECT_GT(writer.engine().ring().info().pages.back().state.page_no, 8u);
}

// Whoever asks a reader's ring how far it is now takes over what there is: its streams wait for that, too.
TEST(ReadersFollow, WhatOthersFoundIsTold) {
  TempDirectory home;
  RingDriver writer(posix_file_system(), home / "ring");
  ASSERT_OK(writer.open());
  std::mutex mutex;
  std::condition_variable told;
  uint64_t calls = 0;
  std::unique_ptr<Engine> reader;
  ASSERT_OK(Engine::open(
      posix_file_system(), home / "ring", read_only(), 4, false,
      [&] {
        std::lock_guard<std::mutex> lock(mutex);
        ++calls;
        told.notify_all();
      },
      &reader));
  for (int i = 0; i < 1000; ++i) {
    std::unique_lock<std::mutex> lock(mutex);
    const uint64_t before = calls;
    lock.unlock();
    ASSERT_OK(writer.append(1));
    reader->ring().catch_up();
    lock.lock();
    ASSERT_TRUE(told.wait_for(lock, std::chrono::seconds(20), [&] { return calls > before; })) << i;
  }
}

// The writer tells that it goes on to a page before it writes that page's header.
TEST(ReadersFollow, WriterThatDiedBetweenTwoPages) {
  TempDirectory home;
  const std::string directory = home / "ring";
  RingDriver writer(posix_file_system(), directory);
  ASSERT_OK(writer.open());
  RingDriver reader(posix_file_system(), directory, read_only());
  ASSERT_OK(reader.open());
  ASSERT_OK(writer.fill_to_page(5));
  const RingInfo info = writer.engine().ring().info();
  const PageState& newest = info.pages.back().state;
  ASSERT_OK(reader.engine().ring().refresh());
  // As if the page that was begun last had no header yet.
  const std::vector<uint8_t> zeros(kPageDataOffset, 0);
  const std::string file = directory + "/" + page_file_name(info.pages.back().slot);
  ASSERT_TRUE(write_bytes(file, 0, zeros.data(), zeros.size()));
  Head head{};
  head.phase = kHeadLive;
  head.epoch = info.epoch + (uint64_t{1} << 32);
  head.page_no = newest.page_no;
  head.tip = newest.prev_seq_no;
  HeadWriter(posix_file_system(), directory, info.geometry.ring_id, 0600).publish(head);
  RingDriver late(posix_file_system(), directory, read_only());
  ASSERT_OK(late.open());
  EXPECT_EQ(late.tip(), newest.prev_seq_no);
  EXPECT_EQ(late.check(), "");
}

TEST(ReadersFollow, HeadOfTheLastWriterIsIgnoredOnceItIsGone) {
  TempDirectory home;
  RingDriver writer(posix_file_system(), home / "ring");
  ASSERT_OK(writer.open());
  ASSERT_OK(writer.append(5));
  ASSERT_OK(writer.close());
  writer.drop();
  RingDriver reader(posix_file_system(), home / "ring", read_only());
  ASSERT_OK(reader.open());
  ASSERT_OK(reader.engine().ring().refresh());
  EXPECT_EQ(reader.engine().ring().advances(), 0u);
  EXPECT_EQ(reader.tip(), 5u);
  EXPECT_EQ(reader.check(), "");
}

}  // namespace
}  // namespace waldo::test
