// A disk without room for one more file says nothing against O_DIRECT: a ring that is there opens as before.
#include <gtest/gtest.h>

#include "file.h"
#include "support/small_disk.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

enum Outcome { kStill, kNoLonger, kNever, kBroken };

TEST(FullDisk, StillTakesDirect) {
  TempDirectory directory;
  const int status = with_small_disk(directory.path(), "size=1m,nr_inodes=8", [&]() -> int {
    FileSystem& fs = posix_file_system();
    Probe before, after;
    if (!fs.probe(directory.path(), 0600, &before).ok()) return kBroken;
    std::unique_ptr<File> ring;
    OpenFlags flags;
    flags.write = flags.create = true;
    if (!fs.open(directory / "RING", flags, &ring).ok()) return kBroken;
    use_up_files(directory.path());
    if (!fs.probe(directory.path(), 0600, &after).ok()) return kBroken;
    if (!before.direct) return after.direct ? kBroken : kNever;
    return after.direct ? kStill : kNoLonger;
  });
  if (status == -1) GTEST_SKIP() << "this user may not mount";
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNever) GTEST_SKIP() << "no O_DIRECT on this system's tmpfs";
  EXPECT_EQ(WEXITSTATUS(status), kStill);
}

}  // namespace
}  // namespace waldo::test
