// At a limit of threads (of a container, of a user) pthread_create fails with EAGAIN.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <climits>

#include "jobs.h"
#include "support/ring_driver.h"
#include "support/sim_file_system.h"

namespace {
// Attempts to start one, counted from 0: those from the first to before the second can.
std::atomic<int> attempts{0};
std::atomic<int> first_granted{0};
std::atomic<int> first_refused{INT_MAX};

void grant(int first, int until) {
  attempts = 0;
  first_granted = first;
  first_refused = until;
}
}  // namespace

// Comes before the C library's.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                              void* argument) noexcept {
  const int attempt = attempts++;
  if (attempt < first_granted || attempt >= first_refused) return EAGAIN;
  static const auto next = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  return next(thread, attributes, run, argument);
}

namespace waldo {
namespace {

using test::RingDriver;

class ThreadsThatCannotStart : public testing::Test {
 protected:
  ~ThreadsThatCannotStart() override { grant(0, INT_MAX); }
};

TEST_F(ThreadsThatCannotStart, FailAnOpenWhichCanBeTriedAgain) {
  for (const bool read_only : {false, true}) {
    SimFileSystem fs;
    RingDriver ring(fs, "/ring");
    ASSERT_TRUE(ring.open().ok());
    ASSERT_TRUE(ring.append(3).ok());
    ASSERT_TRUE(ring.close().ok());
    ring.drop();
    ring.options().read_only = read_only;
    grant(0, 0);
    Status opened;
    ASSERT_NO_THROW(opened = ring.open());
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, Code::kIo);
    EXPECT_EQ(opened.error().sys_errno, EAGAIN);
    EXPECT_NE(opened.error().message.find("pthread_create failed"), std::string::npos)
        << opened.error().message;
    grant(0, INT_MAX);
    ASSERT_TRUE(ring.open().ok());
    EXPECT_EQ(ring.check(), "");
  }
}

TEST_F(ThreadsThatCannotStart, CostOnlyTime) {
  SimFileSystem fs;
  RingOptions options = test::small_ring();
  options.background = true;          // pages would be prepared on a thread
  options.buf_capacity = 256 * 1024;  // and frames of that size be sealed on one
  options.file_capacity = 512 * 1024;
  RingDriver ring(fs, "/ring", options);
  // One alone, the first with which the ring opens: the one that writes.
  Status opened = Status::no_thread(EAGAIN);
  for (int which = 1; !opened.ok() && which < 10; ++which) {
    grant(which, which + 1);
    opened = ring.open();
  }
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  for (int i = 0; i < 20; ++i) {
    Status submitted;
    ASSERT_NO_THROW(submitted = ring.submit(1, 400));
    ASSERT_TRUE(submitted.ok()) << submitted.error().message;
    ASSERT_TRUE(ring.append(1).ok());
  }
  EXPECT_GT(attempts, 20);
  EXPECT_EQ(ring.check(), "");
  ASSERT_TRUE(ring.close().ok());
}

TEST_F(ThreadsThatCannotStart, LeaveJobsToThoseThatCould) {
  std::atomic<int> done{0};
  {
    Jobs jobs(4);
    grant(0, 0);
    Status posted;
    ASSERT_NO_THROW(posted = jobs.post([&] { done = -1; }));
    ASSERT_FALSE(posted.ok());
    EXPECT_EQ(posted.error().sys_errno, EAGAIN);
    grant(0, 1);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(jobs.post([&] { ++done; }).ok());
    while (done >= 0 && done < 10) std::this_thread::yield();
  }
  EXPECT_EQ(done, 10);
}

}  // namespace
}  // namespace waldo
