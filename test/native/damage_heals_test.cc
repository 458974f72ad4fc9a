#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "support/page_bytes.h"
#include "support/ring_driver.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

// Rows H1 to H5 of the table in native/recovery.h: damage that costs no log.
class DamageHeals : public testing::Test {
 protected:
  void fill(uint64_t page_no) {
    RingDriver ring(posix_file_system(), directory_);
    ASSERT_OK(ring.open());
    ASSERT_OK(ring.fill_to_page(page_no));
    tip_ = ring.tip();
    // A thread makes it; a ring that is closed before has none.
    while (!std::filesystem::exists(page(page_no + 1))) std::this_thread::yield();
    ASSERT_OK(ring.close());
  }

  void expect_healed(const std::string& note) {
    {
      RingDriver ring(posix_file_system(), directory_);
      ASSERT_OK(ring.open());
      EXPECT_EQ(ring.tip(), tip_);
      EXPECT_EQ(ring.check(), "");
      const std::vector<std::string> healed = ring.engine().ring().info().recovery.healed;
      ASSERT_FALSE(healed.empty());
      EXPECT_NE(healed[0].find(note), std::string::npos) << healed[0];
      ASSERT_OK(ring.close());
    }
    RingDriver again(posix_file_system(), directory_);
    ASSERT_OK(again.open());
    for (const std::string& left : again.engine().ring().info().recovery.healed)
      ADD_FAILURE() << "not healed: " << left;
    ASSERT_OK(again.fill_to_page(9));
    EXPECT_EQ(again.check(), "");
  }

  std::string page(uint64_t page_no) { return page_path(directory_, static_cast<uint32_t>(page_no % 4)); }

  TempDirectory home_;
  const std::string directory_ = home_ / "ring";
  uint64_t tip_ = 0;
};

TEST_F(DamageHeals, OneHeaderCopy) {
  fill(2);
  for (uint64_t copy = 0; copy < 2; ++copy) {
    ASSERT_TRUE(flip_bit(page(2), copy * kPageHeaderCopyStride + 30));
    RingDriver ring(posix_file_system(), directory_);
    ASSERT_OK(ring.open());
    EXPECT_EQ(ring.tip(), tip_);
    EXPECT_EQ(ring.check(), "");
  }
}

TEST_F(DamageHeals, IndexOfASealedPage) {
  fill(2);
  const uint64_t index = kPageDataOffset + small_ring().file_capacity;
  ASSERT_TRUE(flip_bit(page(1), index + 5));
  expect_healed("page 1: the index was damaged");
}

TEST_F(DamageHeals, OneSuperblockCopy) {
  fill(1);
  ASSERT_TRUE(flip_bit(directory_ + "/RING", 40));
  expect_healed("RING");
}

TEST_F(DamageHeals, SuperblockCutToOneCopy) {
  fill(1);
  ASSERT_EQ(truncate((directory_ + "/RING").c_str(), kSuperblockCopyStride), 0);
  expect_healed("RING");
}

TEST_F(DamageHeals, PreparedPageThatWasNeverUsed) {
  fill(1);
  const std::vector<uint8_t> garbage(kPageDataOffset, 0xa5);
  ASSERT_TRUE(write_bytes(page(2), 0, garbage.data(), garbage.size()));
  expect_healed("prepared again");
}

TEST_F(DamageHeals, PageCutShortBehindItsFrames) {
  fill(1);
  ASSERT_EQ(truncate(page(1).c_str(), kPageDataOffset + 60000), 0);
  expect_healed("extended");
}

TEST_F(DamageHeals, TemporaryFilesOfACrash) {
  fill(1);
  const char junk[] = "junk";
  for (const char* name : {"RING.tmp", "0000000002.page.tmp"}) {
    const int fd = ::open((directory_ + "/" + name).c_str(), O_CREAT | O_WRONLY, 0600);
    ASSERT_EQ(::write(fd, junk, sizeof(junk)), static_cast<ssize_t>(sizeof(junk)));
    ::close(fd);
  }
  RingDriver ring(posix_file_system(), directory_);
  ASSERT_OK(ring.open());
  ASSERT_OK(ring.fill_to_page(4));
  EXPECT_EQ(ring.check(), "");
}

}  // namespace
}  // namespace waldo::test
