// PosixFileSystem on a real filesystem: what is written is there, and only regular files are taken.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "file.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo {
namespace {

class PosixFiles : public testing::Test {
 protected:
  TempDirectory directory;
  FileSystem& fs = posix_file_system();

  std::unique_ptr<File> create(const std::string& name, OpenFlags flags = {}) {
    flags.write = true;
    flags.create = true;
    std::unique_ptr<File> file;
    EXPECT_OK(fs.open(directory / name, flags, &file));
    return file;
  }

  Status open(const std::string& name, OpenFlags flags = {}) {
    std::unique_ptr<File> file;
    return fs.open(directory / name, flags, &file);
  }

  uint32_t mode_of(const std::string& name) {
    struct stat status = {};
    EXPECT_EQ(lstat((directory / name).c_str(), &status), 0);
    return status.st_mode & 07777;
  }
};

std::string read_all(File& file, uint64_t offset, size_t bytes) {
  std::string text(bytes, '?');
  size_t got = 0;
  EXPECT_OK(file.read(offset, text.data(), bytes, &got));
  text.resize(got);
  return text;
}

TEST_F(PosixFiles, ReadBackWhatSlicesWrote) {
  const auto file = create("data");
  const std::string a = "one ", b, c = "two ", d = "three";
  const IoSlice slices[] = {{a.data(), a.size()}, {b.data(), 0}, {c.data(), c.size()}, {d.data(), d.size()}};
  ASSERT_OK(file->write(5, slices, 4));
  EXPECT_EQ(read_all(*file, 5, 13), "one two three");
  EXPECT_EQ(read_all(*file, 0, 6), std::string(5, '\0') + "o");
}

TEST_F(PosixFiles, ReadEndsWithTheFile) {
  const auto file = create("data");
  ASSERT_OK(file->write(0, "abc", 3));
  EXPECT_EQ(read_all(*file, 1, 100), "bc");
  EXPECT_EQ(read_all(*file, 3, 100), "");
  EXPECT_EQ(read_all(*file, 1000, 100), "");
  EXPECT_EQ(read_all(*file, 0, 0), "");
}

TEST_F(PosixFiles, WriteTakesMoreSlicesThanOneCall) {
  const auto file = create("data");
  std::string expected;
  for (size_t i = 0; i < 5000; ++i) expected += static_cast<char>('a' + i % 26);
  std::vector<IoSlice> slices;
  for (const char& c : expected) slices.push_back({&c, 1});
  ASSERT_OK(file->write(0, slices.data(), slices.size()));
  EXPECT_EQ(read_all(*file, 0, expected.size() + 1), expected);
}

TEST_F(PosixFiles, DsyncAndDirectWritesReadBack) {
  Probe probe;
  ASSERT_OK(fs.probe(directory.path(), 0600, &probe));
  OpenFlags flags;
  flags.dsync = true;
  flags.direct = probe.direct;
  const auto file = create("data", flags);
  auto* const block = static_cast<char*>(aligned_alloc(4096, 8192));
  std::fill_n(block, 8192, 'x');
  ASSERT_OK(file->write(4096, block, 8192));
  ASSERT_OK(file->sync());
  std::fill_n(block, 8192, 'y');
  size_t got = 0;
  ASSERT_OK(file->read(8192, block, 8192, &got));
  EXPECT_EQ(got, 4096u);
  EXPECT_EQ(std::count(block, block + 4096, 'x'), 4096);
  free(block);
}

TEST_F(PosixFiles, DirectReadOfAnUnalignedTailEndsWithTheFile) {
  Probe probe;
  ASSERT_OK(fs.probe(directory.path(), 0600, &probe));
  if (!probe.direct) GTEST_SKIP() << "no O_DIRECT on " << probe.type;
  ASSERT_OK(create("data")->write(0, std::string(5000, 'z').data(), 5000));
  OpenFlags flags;
  flags.direct = true;
  std::unique_ptr<File> file;
  ASSERT_OK(fs.open(directory / "data", flags, &file));
  auto* const block = static_cast<char*>(aligned_alloc(4096, 16384));
  size_t got = 0;
  ASSERT_OK(file->read(0, block, 16384, &got));
  EXPECT_EQ(got, 5000u);
  EXPECT_EQ(std::count(block, block + 5000, 'z'), 5000);
  free(block);
}

TEST_F(PosixFiles, AllocateGrowsWithZerosAndNeverShrinks) {
  const auto file = create("data");
  ASSERT_OK(file->write(0, "abc", 3));
  ASSERT_OK(file->allocate(100000));
  uint64_t size = 0;
  ASSERT_OK(file->size(&size));
  EXPECT_EQ(size, 100000u);
  EXPECT_EQ(read_all(*file, 0, 5), std::string("abc\0\0", 5));
  EXPECT_EQ(read_all(*file, 99990, 100), std::string(10, '\0'));
  ASSERT_OK(file->allocate(10));
  ASSERT_OK(file->allocate(0));
  ASSERT_OK(file->size(&size));
  EXPECT_EQ(size, 100000u);
}

TEST_F(PosixFiles, NextHoleIsWhereNothingWasWritten) {
  const auto file = create("data");
  const std::string block(64 * 1024, 'x');
  ASSERT_OK(file->allocate(4 * block.size()));
  ASSERT_OK(file->write(0, block.data(), block.size()));
  ASSERT_OK(file->sync());
  uint64_t hole = 0;
  ASSERT_OK(file->next_hole(0, &hole));
  // A filesystem that cannot tell answers with the size.
  EXPECT_TRUE(hole == block.size() || hole == 4 * block.size()) << hole;
  ASSERT_OK(file->next_hole(4 * block.size(), &hole));
  EXPECT_EQ(hole, 4 * block.size());
  ASSERT_OK(file->next_hole(5 * block.size(), &hole));
  EXPECT_EQ(hole, 4 * block.size());
}

TEST_F(PosixFiles, ModesAreExactWhateverTheUmask) {
  for (const mode_t mask : {0u, 022u, 077u, 0777u}) {
    const mode_t before = umask(mask);
    const std::string suffix = std::to_string(mask);
    OpenFlags flags;
    flags.mode = 0640;
    create("file" + suffix, flags);
    bool created = false;
    EXPECT_OK(fs.make_directory(directory / ("directory" + suffix), 0750, &created));
    std::unique_ptr<Lock> lock;
    EXPECT_OK(fs.lock(directory / ("lock" + suffix), 0600, "me", &lock));
    umask(before);
    EXPECT_TRUE(created);
    EXPECT_EQ(mode_of("file" + suffix), 0640u);
    EXPECT_EQ(mode_of("directory" + suffix), 0750u);
    EXPECT_EQ(mode_of("lock" + suffix), 0600u);
  }
}

TEST_F(PosixFiles, MissingFileIsEnoent) {
  EXPECT_ERRNO(open("missing"), ENOENT);
  const std::string message = open("missing").error().message;
  EXPECT_EQ(message, "open failed on " + (directory / "missing") + ": no such file or directory (ENOENT)");
}

TEST_F(PosixFiles, CreateRefusesAnExistingFile) {
  create("data");
  OpenFlags flags;
  flags.write = true;
  flags.create = true;
  EXPECT_ERRNO(open("data", flags), EEXIST);
}

TEST_F(PosixFiles, SymbolicLinkIsRefused) {
  create("data");
  ASSERT_EQ(symlink("data", (directory / "link").c_str()), 0);
  ASSERT_EQ(symlink("nowhere", (directory / "dangling").c_str()), 0);
  OpenFlags writing;
  writing.write = true;
  const Status status = open("link", writing);
  EXPECT_ERRNO(status, ELOOP);
  EXPECT_NE(status.error().message.find("it is a symbolic link"), std::string::npos)
      << status.error().message;
  EXPECT_ERRNO(open("link"), ELOOP);
  writing.create = true;
  EXPECT_ERRNO(open("dangling", writing), EEXIST);
}

TEST_F(PosixFiles, OnlyRegularFilesAreOpened) {
  ASSERT_EQ(mkdir((directory / "directory").c_str(), 0700), 0);
  ASSERT_EQ(mkfifo((directory / "fifo").c_str(), 0600), 0);
  OpenFlags writing;
  writing.write = true;
  EXPECT_ERRNO(open("directory"), EISDIR);
  EXPECT_ERRNO(open("directory", writing), EISDIR);
  EXPECT_ERRNO(open("fifo"), EINVAL);
  EXPECT_ERRNO(open("fifo", writing), EINVAL);
}

TEST_F(PosixFiles, MakeDirectoryTakesAnExistingOneAndNothingElse) {
  bool created = true;
  EXPECT_OK(fs.make_directory(directory.path(), 0700, &created));
  EXPECT_FALSE(created);
  create("data");
  EXPECT_ERRNO(fs.make_directory(directory / "data", 0700, &created), ENOTDIR);
  EXPECT_ERRNO(fs.make_directory(directory / "missing/child", 0700, &created), ENOENT);
  ASSERT_EQ(symlink(directory.path().c_str(), (directory / "link").c_str()), 0);
  EXPECT_OK(fs.make_directory(directory / "link", 0700, &created));
  EXPECT_FALSE(created);
}

TEST_F(PosixFiles, ListRenameAndRemove) {
  create("a");
  create("b");
  ASSERT_OK(fs.rename(directory / "a", directory / "c"));
  ASSERT_OK(fs.sync_directory(directory.path()));
  std::vector<std::string> names;
  ASSERT_OK(fs.list(directory.path(), &names));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"b", "c"}));
  ASSERT_OK(fs.remove(directory / "b"));
  ASSERT_OK(fs.remove(directory / "b"));
  ASSERT_OK(fs.list(directory.path(), &names));
  EXPECT_EQ(names, (std::vector<std::string>{"c"}));
  EXPECT_ERRNO(fs.list(directory / "missing", &names), ENOENT);
  EXPECT_ERRNO(fs.rename(directory / "a", directory / "d"), ENOENT);
  EXPECT_ERRNO(fs.sync_directory(directory / "missing"), ENOENT);
}

TEST_F(PosixFiles, RandomBitsDiffer) {
  std::string a(1000, '\0'), b(1000, '\0');
  ASSERT_OK(fs.random(a.data(), a.size()));
  ASSERT_OK(fs.random(b.data(), b.size()));
  EXPECT_NE(a, b);
  EXPECT_NE(a.substr(990), std::string(10, '\0'));
}

}  // namespace
}  // namespace waldo
