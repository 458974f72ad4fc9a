// The writer's lock: one holder among threads and processes, named to the second, gone with its process.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "file.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo {
namespace {

class FileLocks : public testing::Test {
 protected:
  TempDirectory directory;
  FileSystem& fs = posix_file_system();
  const std::string path = directory / "LOCK";

  Status take(const std::string& description, std::unique_ptr<Lock>* lock) {
    return fs.lock(path, 0600, description, lock);
  }

  std::string content() {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
};

// A child process that takes the lock and holds it until it is killed.
class Holder {
 public:
  Holder(const std::string& path, const std::string& description) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    child_ = fork();
    if (child_ == 0) {
      std::unique_ptr<Lock> lock;
      const bool taken = posix_file_system().lock(path, 0600, description, &lock).ok();
      if (!taken || write(ends[1], "x", 1) != 1) _exit(1);
      for (;;) pause();
    }
    close(ends[1]);
    char byte = 0;
    EXPECT_EQ(read(ends[0], &byte, 1), 1) << "the child did not get the lock";
    close(ends[0]);
  }
  ~Holder() { kill(); }

  void kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = 0;
  }

 private:
  pid_t child_ = 0;
};

void expect_locked(const Status& status, const std::string& directory, const std::string& holder) {
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kLocked);
  EXPECT_EQ(status.error().holder, holder);
  EXPECT_EQ(status.error().message, directory + " is locked by " + holder);
}

TEST_F(FileLocks, SecondEnvironmentOfAProcessIsRefused) {
  std::unique_ptr<Lock> first, second;
  ASSERT_OK(take("process 1 (node), thread 0", &first));
  expect_locked(take("process 1 (node), thread 2", &second), directory.path(), "process 1 (node), thread 0");
  expect_locked(fs.check_unlocked(path), directory.path(), "process 1 (node), thread 0");
  EXPECT_EQ(second, nullptr);
  first.reset();
  EXPECT_OK(fs.check_unlocked(path));
  EXPECT_OK(take("process 1 (node), thread 2", &second));
}

TEST_F(FileLocks, AnotherNameOfTheSameFileIsRefused) {
  std::unique_ptr<Lock> first, second;
  ASSERT_OK(take("me", &first));
  ASSERT_EQ(link(path.c_str(), (directory / "OTHER").c_str()), 0);
  expect_locked(fs.lock(directory / "OTHER", 0600, "you", &second), directory.path(), "me");
}

TEST_F(FileLocks, OneOfManyThreadsWins) {
  std::atomic<int> winners{0};
  std::vector<std::unique_ptr<Lock>> locks(8);
  std::vector<std::thread> threads;
  for (auto& lock : locks) {
    threads.emplace_back([&] {
      if (take("a thread", &lock).ok()) ++winners;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(winners, 1);
}

TEST_F(FileLocks, SecondProcessIsRefusedAndToldTheHolder) {
  Holder holder(path, "process 77 (node), thread 0");
  std::unique_ptr<Lock> lock;
  expect_locked(take("me", &lock), directory.path(), "process 77 (node), thread 0");
  expect_locked(fs.check_unlocked(path), directory.path(), "process 77 (node), thread 0");
}

TEST_F(FileLocks, LockIsFreeAfterItsProcessWasKilled) {
  Holder holder(path, "process 77 (node), thread 0");
  holder.kill();
  EXPECT_OK(fs.check_unlocked(path));
  std::unique_ptr<Lock> lock;
  ASSERT_OK(take("me", &lock));
  EXPECT_EQ(content(), "me");
}

TEST_F(FileLocks, ReleaseKeepsTheFileAndEmptiesIt) {
  std::unique_ptr<Lock> lock;
  ASSERT_OK(take("a description which is longer than the next one", &lock));
  lock.reset();
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
  EXPECT_EQ(content(), "");
}

TEST_F(FileLocks, HolderIsPrintableAndShort) {
  Holder holder(path, "plain");
  std::unique_ptr<Lock> lock;
  std::ofstream(path, std::ios::trunc) << "\x1b[31mred\n\xff" << std::string(500, 'x');
  const Status status = take("me", &lock);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().holder.substr(0, 7), "[31mred");
  EXPECT_LE(status.error().holder.size(), 200u);
  EXPECT_EQ(status.error().holder.find_first_not_of("[31mredx"), std::string::npos);
  std::ofstream(path, std::ios::trunc).flush();
  expect_locked(take("me", &lock), directory.path(), "another process");
}

TEST_F(FileLocks, LookingDoesNotDisturbTheHolderOrTheFile) {
  std::unique_ptr<Lock> lock;
  ASSERT_OK(take("me", &lock));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(fs.check_unlocked(path).ok());
  EXPECT_EQ(content(), "me");
}

TEST_F(FileLocks, WriterWaitsForAnotherProcessThatOnlyLooks) {
  std::unique_ptr<Lock> lock;
  ASSERT_OK(take("me", &lock));
  lock.reset();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const int fd = open(path.c_str(), O_RDONLY);
    if (flock(fd, LOCK_SH) != 0 || write(ends[1], "x", 1) != 1) _exit(1);
    usleep(5000);
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ends[0], &byte, 1), 1);
  EXPECT_OK(take("me", &lock));
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
}

// Between fork and exec, a child that some other part of the process starts has the lock's descriptor too.
TEST_F(FileLocks, ReleasedLockIsFreeBesideAForkedChild) {
  std::unique_ptr<Lock> lock;
  ASSERT_OK(take("me", &lock));
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    char byte = 0;
    _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
  }
  lock.reset();
  EXPECT_OK(take("me again", &lock));
  close(ends[0]);
  close(ends[1]);
  waitpid(child, nullptr, 0);
}

TEST_F(FileLocks, LockOnAFileThatWasRemovedMeanwhileIsNotTaken) {
  Holder holder(path, "process 77 (node), thread 0");
  std::thread remover([&] {
    usleep(20000);  // as a rule the file below is open by then; in either case the lock must be on the path
    EXPECT_EQ(unlink(path.c_str()), 0);
    holder.kill();
  });
  std::unique_ptr<Lock> lock;
  while (!take("me", &lock).ok()) usleep(1000);
  remover.join();
  EXPECT_EQ(content(), "me");
}

TEST_F(FileLocks, CheckTakesAMissingFileAndAReadOnlyOne) {
  EXPECT_OK(fs.check_unlocked(path));
  EXPECT_NE(access(path.c_str(), F_OK), 0) << "looking must not create the file";
  std::unique_ptr<Lock> lock;
  ASSERT_OK(take("me", &lock));
  lock.reset();
  ASSERT_EQ(chmod(path.c_str(), 0400), 0);
  EXPECT_OK(fs.check_unlocked(path));
}

TEST_F(FileLocks, LinkInPlaceOfTheLockIsRefused) {
  ASSERT_EQ(symlink("elsewhere", path.c_str()), 0);
  std::unique_ptr<Lock> lock;
  EXPECT_ERRNO(take("me", &lock), ELOOP);
  EXPECT_ERRNO(fs.check_unlocked(path), ELOOP);
  EXPECT_NE(access((directory / "elsewhere").c_str(), F_OK), 0);
}

TEST_F(FileLocks, OfAnOpenFileAreTriedWithoutWaitingAndEndWithTheDescriptor) {
  const auto open_it = [&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); };
  const int first = open_it();
  const int second = open_it();
  bool locked = false;
  EXPECT_OK(try_lock(first, &locked));
  EXPECT_TRUE(locked);
  EXPECT_OK(try_lock(second, &locked));
  EXPECT_FALSE(locked);
  ::close(first);
  EXPECT_OK(try_lock(second, &locked));
  EXPECT_TRUE(locked);
  ::close(second);
  EXPECT_FALSE(try_lock(second, &locked).ok());
}

}  // namespace
}  // namespace waldo
