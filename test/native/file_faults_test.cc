// System calls are interrupted, fall short or fail: the transfer is completed, or the failure reported.
#include <gtest/gtest.h>

#include <algorithm>
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

// What the replaced calls do; they are plain functions, hence the global.
struct Script {
  Syscalls real;
  size_t max_bytes = SIZE_MAX;  // moved by one call
  int interrupts = 0;           // EINTR before the next call works
  int fail_with = 0;
  int calls = 0;
  std::vector<off_t> offsets;
};
Script script;

bool interrupted() {
  ++script.calls;
  if (script.interrupts == 0) return false;
  --script.interrupts;
  errno = EINTR;
  return true;
}

bool failing() {
  errno = script.fail_with;
  return script.fail_with != 0;
}

ssize_t scripted_pread(int fd, void* buffer, size_t bytes, off_t offset) {
  if (interrupted() || failing()) return -1;
  script.offsets.push_back(offset);
  return script.real.pread(fd, buffer, std::min(bytes, script.max_bytes), offset);
}

ssize_t scripted_pwritev(int fd, const iovec* slices, int count, off_t offset) {
  if (interrupted() || failing()) return -1;
  script.offsets.push_back(offset);
  std::vector<char> data;
  for (int i = 0; i < count; ++i) {
    const auto* const bytes = static_cast<const char*>(slices[i].iov_base);
    data.insert(data.end(), bytes, bytes + slices[i].iov_len);
  }
  return ::pwrite(fd, data.data(), std::min(data.size(), script.max_bytes), offset);
}

int scripted_sync(int fd) { return interrupted() || failing() ? -1 : script.real.sync(fd); }
int scripted_reserve(int fd, off_t bytes) {
  return interrupted() || failing() ? -1 : script.real.reserve(fd, bytes);
}
off_t scripted_lseek(int fd, off_t offset, int whence) {
  return failing() ? -1 : script.real.lseek(fd, offset, whence);
}

class FileFaults : public testing::Test {
 protected:
  TempDirectory directory;
  ReplacedSyscalls replaced;
  std::unique_ptr<File> file;

  void SetUp() override {
    script = Script();
    script.real = replaced.original();
    OpenFlags flags;
    flags.write = true;
    flags.create = true;
    ASSERT_OK(posix_file_system().open(directory / "data", flags, &file));
    syscalls.pread = scripted_pread;
    syscalls.pwritev = scripted_pwritev;
    syscalls.sync = scripted_sync;
    syscalls.reserve = scripted_reserve;
    syscalls.lseek = scripted_lseek;
  }

  std::string read_back(size_t bytes) {
    std::string text(bytes, '?');
    size_t got = 0;
    EXPECT_OK(file->read(0, text.data(), bytes, &got));
    text.resize(got);
    return text;
  }
};

TEST_F(FileFaults, ShortWritesAtEveryByteAreCompleted) {
  const std::string parts[] = {"first", "", "x", "the second part", "end"};
  std::string expected;
  std::vector<IoSlice> slices;
  for (const std::string& part : parts) {
    slices.push_back({part.data(), part.size()});
    expected += part;
  }
  for (size_t limit = 1; limit <= expected.size(); ++limit) {
    const std::string before(expected.size(), '-');
    script.max_bytes = SIZE_MAX;
    ASSERT_OK(file->write(0, before.data(), before.size()));
    script.max_bytes = limit;
    ASSERT_OK(file->write(0, slices.data(), slices.size())) << limit;
    EXPECT_EQ(read_back(expected.size() + 1), expected) << limit;
  }
}

TEST_F(FileFaults, ShortReadsAreCompleted) {
  const std::string expected = "0123456789";
  ASSERT_OK(file->write(0, expected.data(), expected.size()));
  for (size_t limit = 1; limit <= expected.size(); ++limit) {
    script.max_bytes = limit;
    EXPECT_EQ(read_back(expected.size()), expected);
    EXPECT_EQ(read_back(expected.size() + 5), expected);
  }
}

TEST_F(FileFaults, InterruptedCallsAreRepeated) {
  script.interrupts = 3;
  ASSERT_OK(file->write(0, "abc", 3));
  script.interrupts = 3;
  EXPECT_EQ(read_back(3), "abc");
  script.interrupts = 3;
  EXPECT_OK(file->sync());
  script.interrupts = 3;
  EXPECT_OK(file->allocate(8192));
  EXPECT_EQ(script.interrupts, 0);
}

TEST_F(FileFaults, FailuresAreReportedOnceAndNotRetried) {
  for (const int failure : {EIO, ENOSPC, EDQUOT}) {
    script.fail_with = failure;
    script.calls = 0;
    EXPECT_ERRNO(file->write(0, "abc", 3), failure);
    EXPECT_ERRNO(file->sync(), failure);
    EXPECT_ERRNO(file->allocate(8192), failure);
    size_t got = 0;
    char byte = 0;
    EXPECT_ERRNO(file->read(0, &byte, 1, &got), failure);
    EXPECT_EQ(script.calls, 4);
  }
}

TEST_F(FileFaults, WriteThatNeverMovesAByteFails) {
  script.max_bytes = 0;
  EXPECT_ERRNO(file->write(0, "abc", 3), EIO);
}

TEST_F(FileFaults, AllocateGrowsWhereBlocksCannotBeReserved) {
  script.fail_with = EOPNOTSUPP;
  ASSERT_OK(file->allocate(8192));
  ASSERT_OK(file->allocate(100));
  uint64_t size = 0;
  ASSERT_OK(file->size(&size));
  EXPECT_EQ(size, 8192u);
}

TEST_F(FileFaults, NextHoleIsTheSizeWhereHolesCannotBeFound) {
  ASSERT_OK(file->allocate(8192));
  script.fail_with = EINVAL;
  uint64_t hole = 0;
  ASSERT_OK(file->next_hole(0, &hole));
  EXPECT_EQ(hole, 8192u);
  script.fail_with = EIO;
  EXPECT_ERRNO(file->next_hole(0, &hole), EIO);
}

// Direct files: what remains after a short write is written again from a whole sector.
class DirectFileFaults : public FileFaults {
 protected:
  static constexpr size_t kBytes = 6 * kMaxAlignment;
  char* block = static_cast<char*>(aligned_alloc(kMaxAlignment, kBytes));
  char* copy = static_cast<char*>(aligned_alloc(kMaxAlignment, kBytes));

  void SetUp() override {
    Probe probe;
    ASSERT_OK(posix_file_system().probe(directory.path(), 0600, &probe));
    FileFaults::SetUp();
    if (!probe.direct) GTEST_SKIP() << "no O_DIRECT on " << probe.type;
    OpenFlags flags;
    flags.write = true;
    flags.direct = true;
    ASSERT_OK(posix_file_system().open(directory / "data", flags, &file));
    // The shortened transfers themselves must not need alignment: they stand for a kernel that falls short.
    syscalls.pwritev = [](int, const iovec* slices, int count, off_t offset) -> ssize_t {
      script.offsets.push_back(offset);
      size_t room = script.max_bytes;
      ssize_t moved = 0;
      for (int i = 0; i < count && room > 0; ++i) {
        EXPECT_EQ(reinterpret_cast<uintptr_t>(slices[i].iov_base) % kMinAlignment, 0u);
        const size_t part = std::min(slices[i].iov_len, room);
        const size_t at = static_cast<size_t>(offset) + static_cast<size_t>(moved);
        if (image.size() < at + part) image.resize(at + part);
        std::copy_n(static_cast<const char*>(slices[i].iov_base), part,
                    image.begin() + static_cast<ptrdiff_t>(at));
        moved += static_cast<ssize_t>(part);
        room -= part;
      }
      return moved;
    };
    image.clear();
    for (size_t i = 0; i < kBytes; ++i) block[i] = static_cast<char>(i * 31 + i / 4096);
  }

  void TearDown() override {
    free(block);
    free(copy);
  }

  static std::string image;
};
std::string DirectFileFaults::image;

TEST_F(DirectFileFaults, ShortWriteResumesAtAWholeSector) {
  for (const size_t limit : {4096u, 4097u, 5000u, 8191u, 8192u, 12800u}) {
    image.clear();
    script.offsets.clear();
    script.max_bytes = limit;
    const IoSlice slices[] = {{block, 512}, {block + 512, 4096}, {block + 4608, kBytes - 4608}};
    ASSERT_OK(file->write(512, slices, 3)) << limit;
    EXPECT_EQ(image.substr(512), std::string(block, kBytes)) << limit;
    for (const off_t offset : script.offsets) EXPECT_EQ(offset % 4096, 512);
  }
}

TEST_F(DirectFileFaults, WriteThatNeverCompletesASectorFails) {
  script.max_bytes = 100;
  EXPECT_ERRNO(file->write(0, block, kBytes), EIO);
}

TEST_F(DirectFileFaults, WriteThatMeetsALimitInsideASectorTellsTheReason) {
  syscalls.pwritev = [](int, const iovec*, int, off_t offset) -> ssize_t {
    constexpr off_t kLimit = 1536;  // of the file's size, say
    if (offset < kLimit) return kLimit - offset;
    errno = EFBIG;
    return -1;
  };
  EXPECT_ERRNO(file->write(0, block, kBytes), EFBIG);
}

TEST_F(DirectFileFaults, ShortReadResumesAtAWholeSector) {
  syscalls.pwritev = replaced.original().pwritev;
  ASSERT_OK(file->write(0, block, kBytes));
  script.offsets.clear();
  script.calls = 0;
  syscalls.pread = [](int fd, void* buffer, size_t bytes, off_t offset) -> ssize_t {
    script.offsets.push_back(offset);
    const ssize_t n = script.real.pread(fd, buffer, bytes, offset);
    return script.calls++ == 0 ? std::min<ssize_t>(n, 5000) : n;
  };
  size_t got = 0;
  ASSERT_OK(file->read(0, copy, kBytes, &got));
  EXPECT_EQ(got, kBytes);
  EXPECT_EQ(std::string(copy, kBytes), std::string(block, kBytes));
  EXPECT_EQ(script.offsets, (std::vector<off_t>{0, 4096}));
}

}  // namespace
}  // namespace waldo
