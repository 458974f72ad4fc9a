// SimFileSystem as a FileSystem: the contract of file.h, and the means of looking and tampering.
#include <atomic>
#include <thread>

#include "support/sim_fixture.h"

namespace waldo {
namespace {

using SimFiles = SimTest;

TEST_F(SimFiles, ReadBackWhatSlicesWrote) {
  const auto file = create("a");
  const std::string one = "one ", two = "two";
  const IoSlice slices[] = {{one.data(), one.size()}, {two.data(), two.size()}};
  ASSERT_OK(file->write(5000, slices, 2));
  std::string text(100, '?');
  size_t got = 0;
  ASSERT_OK(file->read(4999, text.data(), text.size(), &got));
  EXPECT_EQ(text.substr(0, got), std::string("\0one two", 8));
  ASSERT_OK(file->read(6000, text.data(), text.size(), &got));
  EXPECT_EQ(got, 0u);
  EXPECT_EQ(file->path(), "a");
}

TEST_F(SimFiles, OpenFollowsTheContract) {
  bool created = false;
  OpenFlags creating;
  creating.write = creating.create = true;
  std::unique_ptr<File> file;
  EXPECT_ERRNO(fs.open("a", {}, &file), ENOENT);
  create("a");
  EXPECT_ERRNO(fs.open("a", creating, &file), EEXIST);
  EXPECT_ERRNO(fs.open("d/a", creating, &file), ENOENT);
  EXPECT_ERRNO(fs.open("a/b", creating, &file), ENOTDIR);
  ASSERT_OK(fs.make_directory("d/", 0700, &created));
  EXPECT_TRUE(created);
  ASSERT_OK(fs.make_directory("d", 0700, &created));
  EXPECT_FALSE(created);
  EXPECT_ERRNO(fs.make_directory("a", 0700, &created), ENOTDIR);
  EXPECT_ERRNO(fs.open("d", {}, &file), EISDIR);
  ASSERT_OK(fs.open("a", {}, &file));
  EXPECT_ERRNO(write(*file, 0, "x"), EBADF);
}

TEST_F(SimFiles, ListRenameAndRemove) {
  bool created = false;
  ASSERT_OK(fs.make_directory("d", 0700, &created));
  create("d/a");
  create("d/b");
  create("other");
  ASSERT_OK(fs.rename("d/a", "d/c"));
  ASSERT_OK(fs.remove("d/b"));
  ASSERT_OK(fs.remove("d/b"));
  std::vector<std::string> names;
  ASSERT_OK(fs.list("d", &names));
  EXPECT_EQ(names, std::vector<std::string>{"c"});
  EXPECT_ERRNO(fs.list("missing", &names), ENOENT);
  EXPECT_ERRNO(fs.rename("d/a", "d/x"), ENOENT);
  EXPECT_EQ(fs.files(), (std::vector<std::string>{"d/c", "other"}));
}

TEST_F(SimFiles, RemovedFileStaysReadableWhileOpen) {
  const auto file = durable("a", 1, 'x');
  ASSERT_OK(fs.remove("a"));
  char byte = 0;
  size_t got = 0;
  ASSERT_OK(file->read(0, &byte, 1, &got));
  EXPECT_EQ(byte, 'x');
}

TEST_F(SimFiles, NextHoleIsTheFirstBlockNeverWritten) {
  const auto file = create("a");
  ASSERT_OK(file->allocate(40960));
  ASSERT_OK(write(*file, 0, std::string(8192, 'x')));
  ASSERT_OK(write(*file, 20480, std::string(1, 'x')));
  uint64_t hole = 0;
  ASSERT_OK(file->next_hole(100, &hole));
  EXPECT_EQ(hole, 8192u);
  ASSERT_OK(file->next_hole(9000, &hole));
  EXPECT_EQ(hole, 9000u);
  ASSERT_OK(file->next_hole(20480, &hole));
  EXPECT_EQ(hole, 24576u);
  ASSERT_OK(file->next_hole(50000, &hole));
  EXPECT_EQ(hole, 40960u);
  fs.set_tells_holes(false);
  ASSERT_OK(file->next_hole(100, &hole));
  EXPECT_EQ(hole, 40960u);
}

TEST_F(SimFiles, DirectFileRefusesUnalignedTransfers) {
  const auto file = create("a", true, true);
  alignas(512) static char block[1024] = {};
  size_t got = 0;
  EXPECT_OK(file->write(512, block, 512));
  EXPECT_ERRNO(file->write(100, block, 512), EINVAL);
  EXPECT_ERRNO(file->write(512, block, 100), EINVAL);
  EXPECT_ERRNO(file->write(512, block + 8, 512), EINVAL);
  EXPECT_OK(file->read(512, block, 512, &got));
  EXPECT_ERRNO(file->read(512, block + 8, 512, &got), EINVAL);
  Probe probe;
  probe.direct = false;
  fs.set_probe(probe);
  OpenFlags flags;
  flags.direct = true;
  std::unique_ptr<File> refused;
  EXPECT_ERRNO(fs.open("a", flags, &refused), EINVAL);
}

TEST_F(SimFiles, LockHasOneHolder) {
  std::unique_ptr<Lock> first, second;
  EXPECT_OK(fs.check_unlocked("LOCK"));
  ASSERT_OK(fs.lock("LOCK", 0600, "process 1", &first));
  const Status status = fs.lock("LOCK", 0600, "process 2", &second);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kLocked);
  EXPECT_EQ(status.error().holder, "process 1");
  EXPECT_EQ(fs.check_unlocked("LOCK").error().code, Code::kLocked);
  first.reset();
  EXPECT_OK(fs.lock("LOCK", 0600, "process 2", &second));
}

TEST_F(SimFiles, LockAndFileMayOutliveTheFileSystem) {
  auto other = std::make_unique<SimFileSystem>();
  other->install("d/e/a", {1, 2, 3});
  std::unique_ptr<Lock> lock;
  std::unique_ptr<File> file;
  ASSERT_OK(other->lock("d/LOCK", 0600, "me", &lock));
  ASSERT_OK(other->open("d/e/a", {}, &file));
  other.reset();
  uint64_t size = 0;
  EXPECT_OK(file->size(&size));
  EXPECT_EQ(size, 3u);
}

TEST_F(SimFiles, TamperingReachesCacheAndMedium) {
  durable("a", 2, 'x');
  fs.flip_bit("a", 8 * 700 + 1);
  EXPECT_EQ(content(fs, "a")[700], 'x' ^ 2);
  EXPECT_EQ(content(*fs.crash_image(rng), "a")[700], 'x' ^ 2);
  fs.overwrite("a", 10, "hello", 5);
  EXPECT_EQ(content(*fs.crash_image(rng), "a").substr(9, 7), "xhellox");
  fs.install("b", {1, 2, 3});
  EXPECT_EQ(fs.crash_image(rng)->file_bytes("b"), (std::vector<uint8_t>{1, 2, 3}));
}

TEST_F(SimFiles, CloneIsIndependent) {
  const auto file = durable("a", 2, 'x');
  ASSERT_OK(write(*file, 0, "pending"));
  const auto copy = fs.clone();
  SimRng one(5), two(5);
  EXPECT_EQ(content(*fs.crash_image(one), "a"), content(*copy->crash_image(two), "a"));
  copy->flip_bit("a", 0);
  ASSERT_OK(write(*file, 600, "more"));
  EXPECT_EQ(content(fs, "a").substr(0, 8), "pendingx");
  EXPECT_EQ(content(*copy, "a").substr(0, 8), std::string(1, 'p' ^ 1) + "endingx");
  EXPECT_EQ(content(*copy, "a")[600], 'x');
}

TEST_F(SimFiles, CallsAreCounted) {
  const auto file = create("a");
  ASSERT_OK(write(*file, 0, "x"));
  ASSERT_OK(write(*file, 0, "y"));
  ASSERT_OK(file->sync());
  uint64_t size = 0;
  ASSERT_OK(file->size(&size));
  EXPECT_EQ(fs.count(kSimWrite), 2u);
  EXPECT_EQ(fs.count(kSimSync | kSimCreate), 2u);
  EXPECT_EQ(fs.changes(), 4u);
  EXPECT_EQ(fs.count(kSimChanging), 4u);
  EXPECT_EQ(fs.count(kSimAny), 5u);
}

TEST_F(SimFiles, StalledBufferedWriteIsVisibleButNotDurable) {
  const auto file = durable("a", 1, 'x', true);
  bool stalled = false, lost = false;
  fs.set_hook([&](SimOperation operation, const std::string&) {
    if (operation != kSimWrite) return;
    stalled = true;
    EXPECT_EQ(summary(fs, "a"), "y");
    for (int i = 0; i < kImages; ++i) lost = lost || summary(*fs.crash_image(rng), "a") == "x";
  });
  ASSERT_OK(write(*file, 0, std::string(kSector, 'y')));
  EXPECT_TRUE(stalled);
  EXPECT_TRUE(lost);
  fs.set_hook(nullptr);
  for (int i = 0; i < kImages; ++i) EXPECT_EQ(summary(*fs.crash_image(rng), "a"), "y");
}

TEST_F(SimFiles, ThreadsMayWorkAndImagesMayBeTakenAtOnce) {
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto file = create("file" + std::to_string(t), t % 2 == 0);
      for (int i = 0; i < 200; ++i) {
        if (!write(*file, static_cast<uint64_t>(i) * 100, std::string(100, 'x')).ok()) ++failures;
        if (i % 10 == 0 && !file->sync().ok()) ++failures;
      }
    });
  }
  for (int i = 0; i < 50; ++i) EXPECT_LE(fs.crash_image(rng)->files().size(), 4u);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(content(fs, "file3").size(), 20000u);
}

}  // namespace
}  // namespace waldo
