// What fails while a page is made ready on a thread, a full disk perhaps, is tried again by whoever needs the page.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo::test {
namespace {

constexpr char kNextPage[] = "0000000001.page";

class PagesThatCouldNotBePrepared : public testing::Test {
 protected:
  PagesThatCouldNotBePrepared() {
    EXPECT_OK(make_durable_directory(fs_, "/data"));
    RingOptions options = small_ring();
    options.background = true;
    ring_ = std::make_unique<RingDriver>(fs_, "/data/ring", options);
  }

  void fail_to_prepare(bool for_good) {
    SimFault fault;
    fault.operations = kSimWrite;
    fault.path_contains = kNextPage;
    fault.for_good = for_good;
    fault.sys_errno = ENOSPC;
    fs_.inject(fault);
  }

  std::atomic<bool> tried_{false};  // outlives the ring, whose thread sets it
  SimFileSystem fs_;
  std::unique_ptr<RingDriver> ring_;
};

TEST_F(PagesThatCouldNotBePrepared, AreTriedAgainIfTheyFailBeforeTheyAreNeeded) {
  fail_to_prepare(false);
  fs_.set_hook([this](SimOperation operation, const std::string& path) {
    if (operation == kSimRemove && path == std::string("/data/ring/") + kNextPage) tried_ = true;  // given up
  });
  ASSERT_OK(ring_->open());
  while (!tried_) std::this_thread::yield();
  EXPECT_OK(ring_->fill_to_page(1));
  EXPECT_EQ(ring_->check(), "");
}

TEST_F(PagesThatCouldNotBePrepared, AreTriedAgainIfTheyFailWhileSomebodyWaits) {
  fail_to_prepare(false);
  // Long enough, mostly, for the first page to be full meanwhile.
  fs_.set_hook([](SimOperation operation, const std::string& path) {
    if (operation == kSimWrite && path.find(kNextPage) != std::string::npos)
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
  });
  ASSERT_OK(ring_->open());
  EXPECT_OK(ring_->fill_to_page(1));
  EXPECT_EQ(ring_->check(), "");
}

TEST_F(PagesThatCouldNotBePrepared, FailTheAppendThatNeedsThemIfTheyFailAgain) {
  fail_to_prepare(true);
  ASSERT_OK(ring_->open());
  const Status filled = ring_->fill_to_page(1);
  ASSERT_FALSE(filled.ok());
  EXPECT_EQ(filled.error().sys_errno, ENOSPC);
}

}  // namespace
}  // namespace waldo::test
