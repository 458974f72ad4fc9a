// The head is stored into a file that may be a hole: on a full disk that must fail, not end the process (SIGBUS).
#include <gtest/gtest.h>

#include "posix.h"
#include "support/small_disk.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

TEST(FullDisk, SparesTheProcessThatSharesMemory) {
  TempDirectory directory;
  const int status = with_small_disk(directory.path(), "size=64k", [&] {
    use_up_room(directory / "filler");
    std::unique_ptr<SharedMemory> memory;
    if (!share_posix(directory / "head", true, 0600, &memory).ok()) return 1;
    const char data[] = "a head";
    memory->store(data, sizeof(data));
    memory->wake();
    return 0;
  });
  if (status == -1) GTEST_SKIP() << "this user may not mount";
  ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace waldo::test
