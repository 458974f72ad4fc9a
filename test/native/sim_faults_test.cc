// Injected failures of SimFileSystem: which call fails, and what a failed call leaves behind.
#include <set>

#include "support/sim_fixture.h"

namespace waldo {
namespace {

using SimFaults = SimTest;

SimFault fault(uint32_t operations, int sys_errno, uint64_t skip = 0) {
  SimFault out;
  out.operations = operations;
  out.sys_errno = sys_errno;
  out.skip = skip;
  return out;
}

TEST_F(SimFaults, OnlyTheNthCallFails) {
  const auto file = durable("a", 1, 'x');
  fs.inject(fault(kSimWrite, ENOSPC, 2));
  EXPECT_OK(write(*file, 0, "1"));
  EXPECT_OK(file->sync());
  EXPECT_OK(write(*file, 0, "2"));
  EXPECT_ERRNO(write(*file, 0, "3"), ENOSPC);
  EXPECT_OK(write(*file, 0, "4"));
}

TEST_F(SimFaults, FaultForGoodEndsWhenCleared) {
  const auto file = durable("a", 1, 'x');
  SimFault lasting = fault(kSimWrite | kSimSync, EIO);
  lasting.for_good = true;
  fs.inject(lasting);
  for (int i = 0; i < 3; ++i) {
    EXPECT_ERRNO(write(*file, 0, "1"), EIO);
    EXPECT_ERRNO(file->sync(), EIO);
  }
  fs.clear_faults();
  EXPECT_OK(write(*file, 0, "2"));
}

TEST_F(SimFaults, FaultKeepsToItsPath) {
  const auto a = durable("a.page", 1, 'x');
  const auto b = durable("b", 1, 'x');
  SimFault paged = fault(kSimWrite, EIO);
  paged.path_contains = ".page";
  fs.inject(paged);
  EXPECT_OK(write(*b, 0, "1"));
  EXPECT_ERRNO(write(*a, 0, "1"), EIO);
}

TEST_F(SimFaults, EveryKindOfCallCanFail) {
  const auto file = durable("a", 1, 'x');
  SimFault any = fault(kSimAny, EIO);
  any.for_good = true;
  fs.inject(any);
  OpenFlags creating;
  creating.write = creating.create = true;
  size_t got = 0;
  uint64_t size = 0;
  char byte = 0;
  bool created = false;
  Probe probe;
  std::vector<std::string> names;
  std::unique_ptr<File> other;
  std::unique_ptr<Lock> lock;
  EXPECT_ERRNO(file->allocate(9999), EIO);
  EXPECT_ERRNO(file->read(0, &byte, 1, &got), EIO);
  EXPECT_ERRNO(file->size(&size), EIO);
  EXPECT_ERRNO(file->next_hole(0, &size), EIO);
  EXPECT_ERRNO(fs.open("a", {}, &other), EIO);
  EXPECT_ERRNO(fs.open("b", creating, &other), EIO);
  EXPECT_ERRNO(fs.make_directory("d", 0700, &created), EIO);
  EXPECT_ERRNO(fs.list(".", &names), EIO);
  EXPECT_ERRNO(fs.rename("a", "b"), EIO);
  EXPECT_ERRNO(fs.remove("a"), EIO);
  EXPECT_ERRNO(fs.sync_directory("."), EIO);
  EXPECT_ERRNO(fs.probe(".", 0600, &probe), EIO);
  EXPECT_ERRNO(fs.lock("LOCK", 0600, "me", &lock), EIO);
  EXPECT_ERRNO(fs.check_unlocked("LOCK"), EIO);
  EXPECT_ERRNO(fs.random(&byte, 1), EIO);
  fs.clear_faults();
  EXPECT_EQ(fs.files(), std::vector<std::string>{"a"});
  EXPECT_EQ(content(fs, "a").size(), kSector);
}

TEST_F(SimFaults, FullDiskTakesAPrefix) {
  const auto file = durable("a", 1, 'x', true);
  SimFault full = fault(kSimWrite, ENOSPC);
  full.prefix = 2 * kSector;
  fs.inject(full);
  EXPECT_ERRNO(write(*file, 0, std::string(8 * kSector, 'y')), ENOSPC);
  EXPECT_EQ(summary(fs, "a"), "yy");
}

TEST_F(SimFaults, BufferedWriteErrorIsSeenByReadsAndNeverBecomesDurable) {
  const auto file = durable("a", 2, 'x', true);
  fs.inject(fault(kSimWrite, EIO));
  EXPECT_ERRNO(write(*file, 0, std::string(kSector, 'y')), EIO);
  EXPECT_EQ(summary(fs, "a"), "yx");
  EXPECT_OK(file->sync());
  std::set<std::string> seen;
  for (int i = 0; i < kImages; ++i) seen.insert(summary(*fs.crash_image(rng), "a"));
  seen.erase("#x");
  EXPECT_EQ(seen, (std::set<std::string>{"xx", "yx"}));
  EXPECT_EQ(summary(fs, "a"), "yx");
}

TEST_F(SimFaults, WritingAgainHealsAFailedSector) {
  const auto file = durable("a", 2, 'x', true);
  fs.inject(fault(kSimWrite, EIO));
  EXPECT_ERRNO(write(*file, 0, std::string(kSector, 'y')), EIO);
  EXPECT_OK(write(*file, 0, std::string(kSector, 'z')));
  for (int i = 0; i < kImages; ++i) EXPECT_EQ(summary(*fs.crash_image(rng), "a"), "zx");
}

TEST_F(SimFaults, DirectWriteErrorLeavesAnySubsetAndReadsSeeIt) {
  std::set<std::string> seen;
  alignas(512) static char block[4 * 512];
  std::fill_n(block, sizeof block, 'y');
  for (int i = 0; i < 100; ++i) {
    const std::string path = "a" + std::to_string(i);
    durable(path, 4, 'x');
    OpenFlags flags;
    flags.write = flags.dsync = flags.direct = true;
    std::unique_ptr<File> file;
    ASSERT_OK(fs.open(path, flags, &file));
    fs.inject(fault(kSimWrite, EIO));
    EXPECT_ERRNO(file->write(0, block, sizeof block), EIO);
    const std::string now = summary(fs, path);
    seen.insert(now);
    EXPECT_EQ(summary(*fs.crash_image(rng), path), now);
  }
  EXPECT_GT(seen.size(), 8u);
}

TEST_F(SimFaults, FailedSyncMayLoseWhatWasPendingForGood) {
  const auto file = durable("a", 1, 'x');
  ASSERT_OK(write(*file, 0, std::string(kSector, 'y')));
  fs.inject(fault(kSimSync, EIO));
  EXPECT_ERRNO(file->sync(), EIO);
  EXPECT_OK(file->sync());
  std::set<std::string> seen;
  for (int i = 0; i < kImages; ++i) seen.insert(summary(*fs.crash_image(rng), "a"));
  EXPECT_EQ(seen.count("x"), 1u);
  EXPECT_EQ(seen.count("y"), 1u);
}

TEST_F(SimFaults, LyingCallsClaimSuccess) {
  const auto file = durable("a", 1, 'x', true);
  fs.inject(fault(kSimSync, 0));
  const auto buffered = create("b");
  ASSERT_OK(fs.sync_directory("."));
  ASSERT_OK(write(*buffered, 0, "y"));
  EXPECT_OK(buffered->sync());
  bool lost = false;
  for (int i = 0; i < kImages; ++i) lost = lost || content(*fs.crash_image(rng), "b").empty();
  EXPECT_TRUE(lost);
  SimFault write_lost = fault(kSimWrite, 0);
  write_lost.prefix = 0;
  fs.inject(write_lost);
  EXPECT_OK(write(*file, 0, std::string(kSector, 'y')));
  EXPECT_EQ(summary(fs, "a"), "x");
}

}  // namespace
}  // namespace waldo
