// Files that say more than is there, with checksums that are right, cost no more than what is there. Found by
// fuzzing.
#include <gtest/gtest.h>

#include "cursors.h"
#include "page_scanner.h"
#include "support/page_bytes.h"
#include "support/ring_driver.h"
#include "support/sim_file_system.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

TEST(ForgedFiles, ScanningAPageEndsWhereItsFileDoes) {
  SimFileSystem fs;
  fs.install("ring/" + page_file_name(0), std::vector<uint8_t>(kPageDataOffset + 4096, 0));
  Geometry geometry;
  geometry.ring_size = 2;
  geometry.alignment = 512;
  geometry.file_capacity = uint64_t{1} << 30;
  geometry.index_capacity = 1;
  Page page(geometry, 0);
  ASSERT_OK(page.open(fs, "ring", OpenFlags()));
  FrameProbe probe;
  ASSERT_OK(PageScanner(page, 0).next_valid(0, geometry.file_capacity, &probe));
  EXPECT_EQ(probe.state, FrameState::kNone);
  EXPECT_LT(fs.count(kSimRead), 20u);
}

TEST(ForgedFiles, AGenerationThatCannotGrowIsNotValid) {
  SimFileSystem fs;
  const RingId ring_id{};
  std::vector<uint8_t> bytes(kCursorCopies * kCursorCopyStride, 0);
  for (uint64_t generation : {uint64_t{2}, UINT64_MAX}) {
    CursorRecord record{};
    std::memcpy(record.magic, kCursorMagic, sizeof(record.magic));
    record.version = kFormatVersion;
    record.bytes = sizeof(record);
    record.generation = generation;
    record.position = generation == 2 ? 5 : 6;
    record.crc = crc_of(record);
    std::memcpy(bytes.data() + generation % kCursorCopies * kCursorCopyStride, &record, sizeof(record));
  }
  fs.install("ring/cursors/one.cursor", bytes);
  Cursors cursors(fs, "ring", ring_id, 0600, "a test");
  CursorState state;
  bool created = false;
  ASSERT_OK(cursors.open("one", nullptr, 0, &state, &created));
  EXPECT_EQ(state.position, 5u);
  ASSERT_OK(cursors.commit("one", 7));
  cursors.close("one");
  ASSERT_OK(cursors.open("one", nullptr, 0, &state, &created));
  EXPECT_EQ(state.position, 7u);
}

TEST(ForgedFiles, APageNumberThatNoPositionCouldHaveIsNotValid) {
  TempDirectory home;
  const std::string directory = home / "ring";
  RingDriver ring(posix_file_system(), directory);
  ASSERT_OK(ring.open());
  ASSERT_OK(ring.close());
  ring.drop();
  const std::string path = page_path(directory, 3);
  for (uint64_t copy = 0; copy < kPageHeaderCopies; ++copy) {
    auto header = load<PageHeader>(file_bytes(page_path(directory, 0)).data() + copy * kPageHeaderCopyStride);
    header.page_no = UINT64_MAX;
    header.crc = crc_of(header);
    ASSERT_TRUE(write_bytes(page_path(directory, 0), copy * kPageHeaderCopyStride, &header, sizeof(header)));
  }
  ASSERT_EQ(rename(page_path(directory, 0).c_str(), path.c_str()), 0);  // the slot of that number
  const Status opened = ring.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::kCorrupt);
}

// A writer that was killed in between says for good that it is giving up a page.
TEST(ForgedFiles, ACursorIsMadeBesideAWriterThatDiedWhileGivingUpAPage) {
  TempDirectory home;
  const std::string directory = home / "ring";
  RingDriver writer(posix_file_system(), directory);
  ASSERT_OK(writer.open());
  ASSERT_OK(writer.append(5));
  RingOptions options = small_ring();
  options.read_only = true;
  RingDriver reader(posix_file_system(), directory, options);
  ASSERT_OK(reader.open());
  auto head = load<Head>(file_bytes(directory + "/head").data());
  ASSERT_OK(writer.close());
  writer.drop();
  head.giving_up = 100;
  head.crc = crc_of(head);
  ASSERT_TRUE(write_bytes(directory + "/head", 0, &head, sizeof(head)));
  const bool hold = true;
  CursorState state;
  ASSERT_OK(reader.engine().ring().open_cursor("one", &hold, 3, &state));
  EXPECT_EQ(state.position, 3u);
}

}  // namespace
}  // namespace waldo::test
