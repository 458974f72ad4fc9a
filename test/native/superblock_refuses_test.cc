#include <gtest/gtest.h>

#include "support/page_bytes.h"
#include "support/ring_driver.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

class SuperblockRefuses : public testing::Test {
 protected:
  void SetUp() override {
    RingDriver ring(posix_file_system(), directory_);
    ASSERT_OK(ring.open());
    ASSERT_OK(ring.append(3));
    ASSERT_OK(ring.close());
  }

  void expect(Code code, const std::string& text, RingOptions options = small_ring()) {
    RingDriver ring(posix_file_system(), directory_, options);
    const Status status = ring.open();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, code) << status.error().message;
    EXPECT_NE(status.error().message.find(text), std::string::npos) << status.error().message;
  }

  TempDirectory home_;
  const std::string directory_ = home_ / "ring";
  const std::string path_ = directory_ + "/RING";
};

TEST_F(SuperblockRefuses, LaterVersion) {
  for (uint64_t copy = 0; copy < 2; ++copy) {
    const uint16_t version = 2;
    ASSERT_TRUE(write_bytes(path_, copy * kSuperblockCopyStride + offsetof(Superblock, version), &version,
                            sizeof(version)));
  }
  expect(Code::kVersion, "format version 2");
}

// A later release writes its version to both: this is a damaged bit beside a torn write.
TEST_F(SuperblockRefuses, LaterVersionBesideADamagedCopy) {
  const std::vector<uint8_t> sound = file_bytes(path_);
  const std::vector<uint8_t> garbage(kMinAlignment, 0xa5);
  const uint16_t version = 17;
  for (uint64_t damaged = 0; damaged < 2; ++damaged) {
    ASSERT_TRUE(write_bytes(path_, 0, sound.data(), sound.size()));
    ASSERT_TRUE(write_bytes(path_, damaged * kSuperblockCopyStride, garbage.data(), garbage.size()));
    ASSERT_TRUE(write_bytes(path_, (1 - damaged) * kSuperblockCopyStride + offsetof(Superblock, version),
                            &version, sizeof(version)));
    expect(Code::kCorrupt, "format version 17");
  }
}

TEST_F(SuperblockRefuses, Zeroed) {
  const std::vector<uint8_t> zeros(kSuperblockFileBytes, 0);
  ASSERT_TRUE(write_bytes(path_, 0, zeros.data(), zeros.size()));
  expect(Code::kCorrupt, "neither copy");
}

TEST_F(SuperblockRefuses, Empty) {
  ASSERT_EQ(truncate(path_.c_str(), 0), 0);
  expect(Code::kCorrupt, "0 of 8192 bytes");
}

TEST_F(SuperblockRefuses, MissingBesidePages) {
  ASSERT_EQ(unlink(path_.c_str()), 0);
  expect(Code::kCorrupt, "RING is missing");
}

TEST_F(SuperblockRefuses, OtherGeometryGivenByName) {
  RingOptions options = small_ring();
  options.ring_size = 5;
  options.given.ring_size = true;
  expect(Code::kOption, "ringSize 4; 5 was given", options);
  options = small_ring();
  options.file_capacity = 128 * 1024;
  options.given.file_capacity = true;
  expect(Code::kOption, "fileCapacity 65536; 131072 was given", options);
}

TEST_F(SuperblockRefuses, NotOtherGeometryThatNobodyNamed) {
  RingOptions options = small_ring();
  options.ring_size = 5;
  options.file_capacity = 128 * 1024;
  options.buf_capacity = 128 * 1024;
  RingDriver ring(posix_file_system(), directory_, options);
  ASSERT_OK(ring.open());
  EXPECT_EQ(ring.engine().ring().geometry().ring_size, 4u);
  EXPECT_EQ(ring.engine().ring().options().buf_capacity, 65536u);
}

}  // namespace
}  // namespace waldo::test
