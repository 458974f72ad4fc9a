// What a simulated power loss keeps, may keep and may not keep.
#include <set>

#include "support/sim_fixture.h"

namespace waldo {
namespace {

using SimCrash = SimTest;

TEST_F(SimCrash, SyncedDataAlwaysSurvives) {
  durable("a", 3, 'x');
  for (int i = 0; i < kImages; ++i) EXPECT_EQ(summary(*fs.crash_image(rng), "a"), "xxx");
}

TEST_F(SimCrash, DsyncWriteIsDurableWhenItReturns) {
  const auto file = durable("a", 3, 'x', true);
  ASSERT_OK(write(*file, kSector, std::string(3 * kSector, 'y')));
  for (int i = 0; i < kImages; ++i) EXPECT_EQ(summary(*fs.crash_image(rng), "a"), "xyyy");
}

TEST_F(SimCrash, DsyncWriteMakesOnlyItsOwnSectorsDurable) {
  durable("a", 4, 'x');
  std::unique_ptr<File> buffered, dsync;
  OpenFlags flags;
  flags.write = true;
  ASSERT_OK(fs.open("a", flags, &buffered));
  flags.dsync = true;
  ASSERT_OK(fs.open("a", flags, &dsync));
  ASSERT_OK(write(*buffered, 0, std::string(kSector, 'y')));
  ASSERT_OK(write(*dsync, 3 * kSector, std::string(kSector, 'z')));
  std::set<std::string> seen;
  for (int i = 0; i < kImages; ++i) seen.insert(summary(*fs.crash_image(rng), "a"));
  seen.erase("#xxz");
  EXPECT_EQ(seen, (std::set<std::string>{"xxxz", "yxxz"}));
}

TEST_F(SimCrash, UnsyncedSectorsSurviveInAnyCombination) {
  const auto file = durable("a", 4, 'x');
  ASSERT_OK(write(*file, kSector, std::string(2 * kSector, 'y')));
  std::set<std::string> seen;
  for (int i = 0; i < kImages; ++i) seen.insert(summary(*fs.crash_image(rng), "a"));
  for (const char* image : {"xxxx", "xyxx", "xxyx", "xyyx", "x#xx", "xx#x"}) {
    EXPECT_EQ(seen.count(image), 1u) << image;
  }
  for (const std::string& image : seen) {
    EXPECT_EQ(image[0], 'x') << "untouched sectors stay";
    EXPECT_EQ(image[3], 'x') << "untouched sectors stay";
    EXPECT_NE(image, "x##x") << "one sector at most is garbled";
  }
}

TEST_F(SimCrash, AnyVersionOfAnUnsyncedSectorMaySurvive) {
  const auto file = durable("a", 1, 'x');
  for (const char fill : {'1', '2', '3'}) ASSERT_OK(write(*file, 0, std::string(kSector, fill)));
  std::set<std::string> seen;
  for (int i = 0; i < kImages; ++i) seen.insert(summary(*fs.crash_image(rng), "a"));
  for (const char* image : {"x", "1", "2", "3"}) EXPECT_EQ(seen.count(image), 1u) << image;
}

TEST_F(SimCrash, GarbledSectorTakesItsDurableNeighboursAlong) {
  const auto file = durable("a", 1, 'x', true);
  fs.set_crash_after(0);
  ASSERT_FALSE(write(*file, 256, std::string(256, 'y')).ok());
  bool destroyed = false;
  for (int i = 0; i < kImages; ++i) {
    if (content(*fs.crash_image(rng), "a").substr(0, 256) != std::string(256, 'x')) destroyed = true;
  }
  EXPECT_TRUE(destroyed);
}

TEST_F(SimCrash, WriteInFlightIsTornAndReordered) {
  const auto file = durable("a", 5, 'x', true);
  ASSERT_OK(write(*file, 0, std::string(kSector, 'a')));
  fs.set_crash_after(0);
  EXPECT_ERRNO(write(*file, kSector, std::string(3 * kSector, 'y')), EIO);
  EXPECT_TRUE(fs.crashed());
  std::set<std::string> seen;
  for (int i = 0; i < kImages; ++i) seen.insert(summary(*fs.crash_image(rng), "a"));
  for (const char* image : {"axxxx", "ayyyx", "ayxxx", "axxyx", "axyyx", "ayyxx", "ayxyx", "a#yyx"}) {
    EXPECT_EQ(seen.count(image), 1u) << image;
  }
  for (const std::string& image : seen) EXPECT_TRUE(image[0] == 'a' && image[4] == 'x') << image;
}

TEST_F(SimCrash, EveryCallFailsOnceThePowerIsGone) {
  const auto file = durable("a", 1, 'x', true);
  fs.set_crash_after(2);
  const uint64_t before = fs.changes();
  EXPECT_OK(write(*file, 0, "1"));
  EXPECT_OK(file->sync());
  const Status status = write(*file, 0, "3");
  EXPECT_ERRNO(status, EIO);
  EXPECT_NE(status.error().message.find("simulated power loss"), std::string::npos);
  EXPECT_EQ(fs.changes(), before + 2);

  size_t got = 0;
  uint64_t size = 0;
  char byte = 0;
  bool created = false;
  Probe probe;
  std::vector<std::string> names;
  std::unique_ptr<File> other;
  std::unique_ptr<Lock> lock;
  EXPECT_FALSE(write(*file, 0, "4").ok());
  EXPECT_FALSE(file->sync().ok());
  EXPECT_FALSE(file->allocate(9999).ok());
  EXPECT_FALSE(file->read(0, &byte, 1, &got).ok());
  EXPECT_FALSE(file->size(&size).ok());
  EXPECT_FALSE(file->next_hole(0, &size).ok());
  EXPECT_FALSE(fs.open("a", {}, &other).ok());
  EXPECT_FALSE(fs.make_directory("d", 0700, &created).ok());
  EXPECT_FALSE(fs.list(".", &names).ok());
  EXPECT_FALSE(fs.rename("a", "b").ok());
  EXPECT_FALSE(fs.remove("a").ok());
  EXPECT_FALSE(fs.sync_directory(".").ok());
  EXPECT_FALSE(fs.probe(".", 0600, &probe).ok());
  EXPECT_FALSE(fs.lock("LOCK", 0600, "me", &lock).ok());
  EXPECT_FALSE(fs.check_unlocked("LOCK").ok());
  EXPECT_FALSE(fs.random(&byte, 1).ok());
  EXPECT_EQ(fs.changes(), before + 2);
}

TEST_F(SimCrash, GrowthIsPendingUntilSync) {
  const auto file = durable("a", 1, 'x');
  ASSERT_OK(file->allocate(8 * kSector));
  std::set<size_t> sizes;
  for (int i = 0; i < kImages; ++i) sizes.insert(content(*fs.crash_image(rng), "a").size());
  EXPECT_EQ(*sizes.begin(), kSector);
  EXPECT_EQ(*sizes.rbegin(), 8 * kSector);
  EXPECT_GT(sizes.size(), 2u);
  ASSERT_OK(file->sync());
  for (int i = 0; i < kImages; ++i) EXPECT_EQ(content(*fs.crash_image(rng), "a").size(), 8 * kSector);
}

TEST_F(SimCrash, DsyncWriteMakesTheSizeDurableUpToItsEnd) {
  const auto file = durable("a", 1, 'x', true);
  ASSERT_OK(file->allocate(8 * kSector));
  ASSERT_OK(write(*file, 2 * kSector, std::string(kSector, 'y')));
  for (int i = 0; i < kImages; ++i) {
    const std::string image = summary(*fs.crash_image(rng), "a");
    EXPECT_EQ(image.substr(0, 3), std::string("x\0y", 3));
  }
}

TEST_F(SimCrash, BytesBehindTheSurvivingSizeAreGone) {
  const auto file = durable("a", 1, 'x');
  ASSERT_OK(write(*file, 100, std::string(2000, 'y')));
  for (int i = 0; i < kImages; ++i) {
    const auto image = fs.crash_image(rng);
    const size_t size = content(*image, "a").size();
    std::unique_ptr<File> survivor;
    OpenFlags flags;
    flags.write = true;
    ASSERT_OK(image->open("a", flags, &survivor));
    ASSERT_OK(survivor->allocate(4096));
    EXPECT_EQ(content(*image, "a").substr(size), std::string(4096 - size, '\0'));
  }
}

TEST_F(SimCrash, NameMayBeLostUntilTheDirectoryIsSynced) {
  const auto file = create("a");
  ASSERT_OK(write(*file, 0, "x"));
  ASSERT_OK(file->sync());
  std::set<size_t> seen;
  for (int i = 0; i < kImages; ++i) seen.insert(fs.crash_image(rng)->files().size());
  EXPECT_EQ(seen, (std::set<size_t>{0, 1}));
  ASSERT_OK(fs.sync_directory("."));
  for (int i = 0; i < kImages; ++i) EXPECT_EQ(fs.crash_image(rng)->files().size(), 1u);
}

TEST_F(SimCrash, RenameIsAtomicAndNeedsASync) {
  durable("old", 1, 'o');
  durable("new", 1, 'n');
  ASSERT_OK(fs.rename("new", "old"));
  std::set<std::string> seen;
  for (int i = 0; i < kImages; ++i) {
    const auto image = fs.crash_image(rng);
    seen.insert(summary(*image, "old") + summary(*image, "new"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"on", "n"}));
  ASSERT_OK(fs.sync_directory("."));
  for (int i = 0; i < kImages; ++i) EXPECT_EQ(summary(*fs.crash_image(rng), "old"), "n");
}

TEST_F(SimCrash, RenameBeforeItsDataWasSyncedMayLeaveAnEmptyFile) {
  ASSERT_OK(write(*create("new"), 0, std::string(kSector, 'n')));
  ASSERT_OK(fs.rename("new", "old"));
  std::set<std::string> seen;
  for (int i = 0; i < kImages; ++i) {
    const auto image = fs.crash_image(rng);
    if (image->files() == std::vector<std::string>{"old"}) seen.insert(summary(*image, "old"));
  }
  EXPECT_EQ(seen.count(""), 1u);
  EXPECT_EQ(seen.count("n"), 1u);
}

TEST_F(SimCrash, RemoveNeedsASync) {
  durable("a", 1, 'x');
  ASSERT_OK(fs.remove("a"));
  std::set<size_t> seen;
  for (int i = 0; i < kImages; ++i) seen.insert(fs.crash_image(rng)->files().size());
  EXPECT_EQ(seen, (std::set<size_t>{0, 1}));
  ASSERT_OK(fs.sync_directory("."));
  for (int i = 0; i < kImages; ++i) EXPECT_TRUE(fs.crash_image(rng)->files().empty());
}

TEST_F(SimCrash, NamesInFlightAreThereOrNot) {
  fs.set_crash_after(0);
  OpenFlags flags;
  flags.write = flags.create = true;
  std::unique_ptr<File> file;
  EXPECT_ERRNO(fs.open("a", flags, &file), EIO);
  std::set<size_t> seen;
  for (int i = 0; i < kImages; ++i) seen.insert(fs.crash_image(rng)->files().size());
  EXPECT_EQ(seen, (std::set<size_t>{0, 1}));
}

TEST_F(SimCrash, FileIsLostWithItsDirectory) {
  bool created = false;
  ASSERT_OK(fs.make_directory("d", 0700, &created));
  EXPECT_TRUE(created);
  create("d/a");
  ASSERT_OK(fs.sync_directory("d"));
  std::set<size_t> seen;
  for (int i = 0; i < kImages; ++i) seen.insert(fs.crash_image(rng)->files().size());
  EXPECT_EQ(seen, (std::set<size_t>{0, 1}));
  ASSERT_OK(fs.sync_directory("."));
  for (int i = 0; i < kImages; ++i) EXPECT_EQ(fs.crash_image(rng)->files().size(), 1u);
}

TEST_F(SimCrash, ImageIsCleanAndItsRandomNumbersAreItsOwn) {
  const auto file = durable("a", 2, 'x', true);
  std::unique_ptr<Lock> lock;
  ASSERT_OK(fs.lock("LOCK", 0600, "me", &lock));
  fs.set_crash_after(0);
  ASSERT_FALSE(write(*file, 0, "y").ok());
  const auto image = fs.crash_image(rng);
  EXPECT_FALSE(image->crashed());
  EXPECT_EQ(image->changes(), 0u);
  EXPECT_OK(image->check_unlocked("LOCK"));
  const std::string settled = content(*image, "a");
  for (int i = 0; i < kImages; ++i) EXPECT_EQ(content(*image->crash_image(rng), "a"), settled);
  uint64_t one = 0, two = 0;
  ASSERT_OK(image->random(&one, sizeof one));
  ASSERT_OK(fs.crash_image(rng)->random(&two, sizeof two));
  EXPECT_NE(one, two);
}

TEST_F(SimCrash, SameSeedSameImage) {
  const auto file = durable("a", 16, 'x');
  ASSERT_OK(write(*file, 0, std::string(16 * kSector, 'y')));
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimRng one(seed), two(seed);
    EXPECT_EQ(content(*fs.crash_image(one), "a"), content(*fs.crash_image(two), "a"));
  }
}

TEST_F(SimCrash, KilledProcessLeavesTheCacheWhichAPowerLossMayStillTake) {
  const auto file = durable("a", 32, 'x', true);
  fs.set_crash_after(0);
  ASSERT_FALSE(write(*file, 0, std::string(32 * kSector, 'y')).ok());
  std::set<std::string> seen;
  bool taken = false;
  for (int i = 0; i < kImages; ++i) {
    const auto after = fs.kill_image(rng);
    EXPECT_FALSE(after->crashed());
    const std::string now = summary(*after, "a");
    seen.insert(now);
    if (summary(*after->crash_image(rng), "a") != now) taken = true;
  }
  // The four pages of the cache arrive in order.
  const std::string old(32, 'x'), fresh(32, 'y');
  std::set<std::string> expected;
  for (size_t pages = 0; pages <= 4; ++pages) {
    expected.insert(fresh.substr(0, 8 * pages) + old.substr(8 * pages));
  }
  EXPECT_EQ(seen, expected);
  EXPECT_TRUE(taken);
}

}  // namespace
}  // namespace waldo
