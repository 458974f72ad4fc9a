// What a salvage leaves opens again without one, and shows what is there and what is lost. Found by fuzzing.
#include <gtest/gtest.h>

#include <optional>

#include "support/page_bytes.h"
#include "support/ring_driver.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

std::optional<Code> code_of(const Status& status) {
  return status.ok() ? std::nullopt : std::optional<Code>(status.error().code);
}

class SalvageSettles : public testing::Test {
 protected:
  void fill(uint64_t page_no) {
    RingDriver ring(posix_file_system(), directory_);
    ASSERT_OK(ring.open());
    ASSERT_OK(ring.append(10));
    ASSERT_OK(ring.fill_to_page(page_no));
    ASSERT_OK(ring.close());
  }

  RingOptions salvaging(bool read_only = false) const {
    RingOptions options = small_ring();
    options.salvage = true;
    options.read_only = read_only;
    return options;
  }

  void expect_refused_but_salvaged_for_good() {
    RingDriver plain(posix_file_system(), directory_);
    EXPECT_EQ(code_of(plain.open()), Code::kCorrupt);
    Bounds bounds;
    {
      RingDriver ring(posix_file_system(), directory_, salvaging());
      ASSERT_OK(ring.open());
      bounds = ring.engine().ring().bounds();
      ASSERT_OK(ring.close());
    }
    RingDriver again(posix_file_system(), directory_);
    ASSERT_OK(again.open());
    EXPECT_EQ(again.engine().ring().bounds().tip, bounds.tip);
    EXPECT_EQ(again.engine().ring().bounds().after, bounds.after);
  }

  // The copy of a page's header that counts.
  uint64_t newer_copy(uint32_t slot) const {
    const std::vector<uint8_t> bytes = file_bytes(page_path(directory_, slot));
    const auto one = load<PageHeader>(bytes.data());
    const auto other = load<PageHeader>(bytes.data() + kPageHeaderCopyStride);
    return one.generation > other.generation ? 0 : kPageHeaderCopyStride;
  }

  TempDirectory home_;
  const std::string directory_ = home_ / "ring";
};

TEST_F(SalvageSettles, AnotherSlotsFileInASlotNotUsedYet) {
  fill(1);
  const std::vector<uint8_t> bytes = file_bytes(page_path(directory_, 0));
  ASSERT_TRUE(write_bytes(page_path(directory_, 2), 0, bytes.data(), kPageDataOffset));
  expect_refused_but_salvaged_for_good();
}

TEST_F(SalvageSettles, APageLostBehindOneWhoseSealIsLost) {
  fill(3);
  ASSERT_TRUE(flip_bit(page_path(directory_, 1), newer_copy(1) + 100));
  ASSERT_EQ(unlink(page_path(directory_, 2).c_str()), 0);
  expect_refused_but_salvaged_for_good();
}

TEST_F(SalvageSettles, ARingWhoseLogsAreAllLostIsNotEmpty) {
  fill(0);
  ASSERT_EQ(truncate(page_path(directory_, 0).c_str(), kPageDataOffset), 0);
  RingDriver ring(posix_file_system(), directory_, salvaging());
  ASSERT_OK(ring.open());
  EXPECT_FALSE(ring.engine().ring().bounds().empty);
  EXPECT_EQ(ring.tip(), 10u);
  std::vector<StoredLog> logs;
  EXPECT_EQ(code_of(ring.read_from(0, &logs)), Code::kCorrupt);
}

TEST_F(SalvageSettles, AReaderCallsAnEarlierLapInAPagesPlaceALoss) {
  fill(1);
  const std::vector<uint8_t> earlier = file_bytes(page_path(directory_, 1));
  fill(6);
  ASSERT_TRUE(write_bytes(page_path(directory_, 1), 0, earlier.data(), earlier.size()));
  RingDriver reader(posix_file_system(), directory_, salvaging(true));
  ASSERT_OK(reader.open());
  const Bounds bounds = reader.engine().ring().bounds();
  std::vector<StoredLog> logs;
  EXPECT_EQ(code_of(reader.read_from(bounds.after, &logs)), Code::kCorrupt);
  EXPECT_GT(logs.size(), 0u);
}

}  // namespace
}  // namespace waldo::test
