// A record that is kept in two copies is not written once its generation is the greatest that there is: the next open
// would pass over what was acknowledged.
#include <gtest/gtest.h>

#include "cursors.h"
#include "support/page_bytes.h"
#include "support/ring_driver.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

class GreatestGeneration : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(ring_.open());
    ASSERT_OK(ring_.append(3));
  }

  // Makes both copies of the newer one, as late as they may be.
  template <typename Record>
  void age(const std::string& path, uint64_t stride) {
    const std::vector<uint8_t> bytes = file_bytes(path);
    ASSERT_GE(bytes.size(), stride + sizeof(Record));
    auto record = load<Record>(bytes.data());
    const auto other = load<Record>(bytes.data() + stride);
    if (other.generation > record.generation) record = other;
    for (record.generation = kMaxGeneration - 2; record.generation < kMaxGeneration; ++record.generation) {
      record.crc = crc_of(record);
      ASSERT_TRUE(write_bytes(path, record.generation % 2 * stride, &record, sizeof(record)));
    }
  }

  void expect_refused(const Status& status, const std::string& path) {
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Code::kExceedsLimit) << status.error().message;
    EXPECT_EQ(status.error().message.find(path), 0u) << status.error().message;
  }

  TempDirectory home_;
  const std::string directory_ = home_ / "ring";
  Submitted submitted_;
  RingDriver ring_{posix_file_system(), directory_, small_ring(), &submitted_};
};

TEST_F(GreatestGeneration, OfACursor) {
  Cursors cursors(posix_file_system(), directory_, small_ring().ring_id, 0600, "a test");
  CursorState state;
  bool created = false;
  ASSERT_OK(cursors.open("a", nullptr, 1, &state, &created));
  cursors.close("a");
  const std::string path = directory_ + "/cursors/a.cursor";
  age<CursorRecord>(path, kCursorCopyStride);
  expect_refused(cursors.open("a", nullptr, 1, &state, &created), path);
}

TEST_F(GreatestGeneration, OfTheSuperblock) {
  ASSERT_OK(ring_.close());
  age<Superblock>(directory_ + "/RING", kSuperblockCopyStride);
  expect_refused(ring_.open(), directory_ + "/RING");
}

TEST_F(GreatestGeneration, OfAPage) {
  ASSERT_OK(ring_.close());
  age<PageHeader>(page_path(directory_, 0), kPageHeaderCopyStride);
  Status status = ring_.open();
  if (status.ok()) status = ring_.fill_to_page(1);
  expect_refused(status, page_path(directory_, 0));
}

}  // namespace
}  // namespace waldo::test
