// The worked example of docs/format.md is what the code writes, byte for byte.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "frame.h"
#include "page.h"
#include "support/status_matchers.h"

namespace waldo::test {
namespace {

// The blocks of the page that begin with ```hex NAME; each line is an offset, then bytes.
std::map<std::string, std::string> documented() {
  std::ifstream page(WALDO_FORMAT_DOCUMENT);
  std::map<std::string, std::string> blocks;
  std::string line;
  std::string name;
  while (std::getline(page, line)) {
    if (line.rfind("```hex ", 0) == 0) {
      name = line.substr(7);
    } else if (line.rfind("```", 0) == 0) {
      name.clear();
    } else if (!name.empty()) {
      std::istringstream columns(line.substr(0, line.find('|')));
      std::string column;
      columns >> column;
      while (columns >> column) blocks[name].push_back(static_cast<char>(std::stoi(column, nullptr, 16)));
    }
  }
  return blocks;
}

constexpr uint64_t kEpoch = 0x000000019e3779b9;
const RingId kRingId = {0x01, 0x93, 0x4b, 0x1e, 0x2c, 0x00, 0x11, 0x22,
                        0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa};

std::string bytes_of(const void* data, size_t count) {
  return std::string(static_cast<const char*>(data), count);
}

std::string hex(const std::string& bytes) {
  std::ostringstream text;
  for (size_t i = 0; i < bytes.size(); i += 16) {
    char column[32];
    snprintf(column, sizeof column, "%04zx ", i);
    text << column;
    for (size_t k = i; k < std::min(i + 16, bytes.size()); ++k) {
      snprintf(column, sizeof column, " %02x", static_cast<unsigned char>(bytes[k]));
      text << column;
    }
    text << "\n";
  }
  return text.str();
}

void expect_documented(const std::string& name, const std::string& bytes) {
  EXPECT_EQ(hex(documented()[name]), hex(bytes)) << "docs/format.md, block " << name;
}

TEST(FormatExample, Superblock) {
  Superblock block{};
  std::memcpy(block.magic, kSuperblockMagic, sizeof(block.magic));
  block.version = kFormatVersion;
  block.bytes = sizeof(block);
  std::memcpy(block.ring_id, kRingId.data(), kRingId.size());
  block.generation = 3;
  block.epoch = kEpoch;
  block.ring_size = 4;
  block.alignment = 512;
  block.file_capacity = 1024 * 1024;
  block.index_capacity = 17;
  block.max_frame_bytes = 64 * 1024;
  block.crc = crc_of(block);
  expect_documented("superblock", bytes_of(&block, sizeof(block)));
}

class FrameExample : public testing::Test {
 protected:
  void SetUp() override {
    slab_ = Slab::map(4096, HugePages::kNone);
    std::memset(slab_->data(), 0xee, slab_->bytes());
    size_t end = sizeof(FrameHeader);
    uint64_t seq_no = 0;
    for (const std::string& data : {std::string("hello"), std::string("ring log")}) {
      const LogHeader header{seq_no + 1, seq_no, static_cast<uint32_t>(data.size()), 0};
      std::memcpy(slab_->data() + end, &header, sizeof(header));
      std::memcpy(slab_->data() + end + sizeof(header), data.data(), data.size());
      end += log_stride(data.size());
      ++seq_no;
    }
    frame_.data = slab_->data();
    frame_.frame_bytes = static_cast<uint32_t>(end);
    frame_.padded_bytes = 512;
    frame_.log_count = 2;
    ASSERT_OK(seal_body(&frame_));
    crc_ = seal_header(&frame_, {&kRingId, 0, kEpoch, 0, 0});
  }

  std::unique_ptr<Slab> slab_;
  PackedFrame frame_;
  uint32_t crc_ = 0;
};

TEST_F(FrameExample, Frame) {
  expect_documented("frame", bytes_of(frame_.data, frame_.frame_bytes));
  EXPECT_EQ(bytes_of(frame_.data + frame_.frame_bytes, 512 - frame_.frame_bytes),
            std::string(512 - frame_.frame_bytes, '\0'));
}

TEST_F(FrameExample, PageHeader) {
  PageHeader header{};
  header.magic = kPageMagic;
  header.version = kFormatVersion;
  header.bytes = sizeof(header);
  header.flags = kPageClean;
  std::memcpy(header.ring_id, kRingId.data(), kRingId.size());
  header.page_no = 0;
  header.generation = 2;
  header.epoch = kEpoch;
  header.prev_seq_no = 0;
  header.prev_frame_crc = 0;
  header.last_frame_crc = crc_;
  header.end_offset = 512;
  header.last_seq_no = 2;
  header.log_count = 2;
  header.frame_count = 1;
  header.index_count = 1;
  const IndexEntry entry{1, 0};
  header.index_crc = crc32c(0, &entry, sizeof(entry));
  header.crc = crc_of(header);
  expect_documented("page header", bytes_of(&header, sizeof(header)));
  expect_documented("index", bytes_of(&entry, sizeof(entry)));
}

}  // namespace
}  // namespace waldo::test
