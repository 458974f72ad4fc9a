// What the probe says about a directory's filesystem.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "format.h"
#include "support/replaced_syscalls.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo {
namespace {

TEST(FileProbe, AlignmentIsASectorAndDirectWritesWorkAtIt) {
  TempDirectory directory;
  FileSystem& fs = posix_file_system();
  Probe probe;
  ASSERT_OK(fs.probe(directory.path(), 0600, &probe));
  EXPECT_FALSE(probe.type.empty());
  EXPECT_GE(probe.alignment, kMinAlignment);
  EXPECT_LE(probe.alignment, kMaxAlignment);
  EXPECT_EQ(probe.alignment & (probe.alignment - 1), 0u);
  if (!probe.direct) GTEST_SKIP() << "no O_DIRECT on " << probe.type;
  OpenFlags flags;
  flags.write = flags.create = flags.direct = true;
  std::unique_ptr<File> file;
  ASSERT_OK(fs.open(directory / "data", flags, &file));
  auto* const block = static_cast<char*>(aligned_alloc(kMaxAlignment, 2 * kMaxAlignment));
  std::fill_n(block, 2 * kMaxAlignment, 'x');
  EXPECT_OK(file->write(probe.alignment, block + probe.alignment, probe.alignment));
  free(block);
}

TEST(FileProbe, LeavesNothingBehind) {
  TempDirectory directory;
  Probe probe;
  ASSERT_OK(posix_file_system().probe(directory.path(), 0600, &probe));
  std::vector<std::string> names;
  ASSERT_OK(posix_file_system().list(directory.path(), &names));
  EXPECT_TRUE(names.empty());
}

TEST(FileProbe, MissingDirectoryIsEnoent) {
  TempDirectory directory;
  Probe probe;
  EXPECT_ERRNO(posix_file_system().probe(directory / "missing", 0600, &probe), ENOENT);
}

#ifdef __linux__

Probe probe_as(uint32_t magic) {
  static uint32_t pretended;
  pretended = magic;
  ReplacedSyscalls replaced;
  syscalls.fstatfs = [](int, struct statfs* stats) {
    *stats = {};
    stats->f_type = static_cast<decltype(stats->f_type)>(pretended);
    return 0;
  };
  TempDirectory directory;
  Probe probe;
  EXPECT_OK(posix_file_system().probe(directory.path(), 0600, &probe));
  return probe;
}

TEST(FileProbe, NetworkFilesystemsAreKnown) {
  EXPECT_EQ(probe_as(0x6969).type, "nfs");
  for (const uint32_t magic : {0x6969u, 0x517bu, 0xff534d42u, 0xfe534d42u, 0x00c36400u, 0x01021997u}) {
    EXPECT_TRUE(probe_as(magic).network) << std::hex << magic;
  }
}

TEST(FileProbe, LocalAndUnknownFilesystemsAreNotNetwork) {
  EXPECT_EQ(probe_as(0xef53).type, "ext4");
  EXPECT_EQ(probe_as(0x12345678).type, "type 0x12345678");
  for (const uint32_t magic : {0xef53u, 0x58465342u, 0x65735546u, 0x12345678u}) {
    EXPECT_FALSE(probe_as(magic).network) << std::hex << magic;
  }
}

TEST(FileProbe, FullDiskIsNoReasonToDoubtDirectWrites) {
  TempDirectory directory;
  Probe before;
  ASSERT_OK(posix_file_system().probe(directory.path(), 0600, &before));
  ReplacedSyscalls replaced;
  syscalls.pwritev = [](int, const iovec*, int, off_t) -> ssize_t {
    errno = ENOSPC;
    return -1;
  };
  Probe probe;
  ASSERT_OK(posix_file_system().probe(directory.path(), 0600, &probe));
  EXPECT_EQ(probe.direct, before.direct);
  EXPECT_GE(probe.alignment, before.alignment);
}

TEST(FileProbe, RefusedDirectWriteMeansBuffered) {
  TempDirectory directory;
  ReplacedSyscalls replaced;
  syscalls.pwritev = [](int, const iovec*, int, off_t) -> ssize_t {
    errno = EINVAL;
    return -1;
  };
  Probe probe;
  ASSERT_OK(posix_file_system().probe(directory.path(), 0600, &probe));
  EXPECT_FALSE(probe.direct);
}

#endif

}  // namespace
}  // namespace waldo
