#include "support/repair.h"

#include <cstring>

#include "frame.h"
#include "support/fuzz_ring.h"

namespace waldo::fuzz {

namespace {

template <typename T>
void store(uint8_t* at, const T& value) {
  std::memcpy(at, &value, sizeof(value));
}

template <typename T>
void repair_copies(Bytes& file, uint64_t stride, uint32_t copies) {
  for (uint64_t at = 0; at < copies * stride && at + sizeof(T) <= file.size(); at += stride) {
    auto record = load<T>(file.data() + at);
    record.crc = crc_of(record);
    store(file.data() + at, record);
  }
}

// What the repairs of a page have to know of its ring.
struct Sizes {
  uint64_t alignment = kMinAlignment;
  uint64_t index_offset = kPageDataOffset + kMinFileCapacity;
};

Sizes sizes_of(MemoryFiles& files) {
  Sizes sizes;
  const Bytes* const ring = files.find(std::string(kDirectory) + "/RING");
  if (ring == nullptr || ring->size() < sizeof(Superblock)) return sizes;
  const auto block = load<Superblock>(ring->data());
  if (block.alignment >= kMinAlignment && block.alignment <= kMaxAlignment &&
      block.alignment % kMinAlignment == 0)
    sizes.alignment = block.alignment;
  if (block.file_capacity <= MemoryFiles::kMaxFileBytes)
    sizes.index_offset = kPageDataOffset + block.file_capacity;
  return sizes;
}

void repair_logs(uint8_t* frame, const FrameHeader& header) {
  uint64_t at = sizeof(FrameHeader);
  for (uint32_t i = 0; i < header.log_count && at + sizeof(LogHeader) <= header.frame_bytes; ++i) {
    const auto log = load<LogHeader>(frame + at);
    if (log.length > kMaxLogBytes || log_stride(log.length) > header.frame_bytes - at) return;
    store(frame + at + offsetof(LogHeader, crc), log_crc(frame + at));
    at += log_stride(log.length);
  }
}

void repair_frames(Bytes& file, const Sizes& sizes, uint8_t repairs) {
  const uint64_t end = std::min<uint64_t>(file.size(), sizes.index_offset);
  uint32_t prev_crc = 0;
  bool first = true;
  for (uint64_t at = kPageDataOffset; at + sizeof(FrameHeader) <= end;) {
    auto header = load<FrameHeader>(file.data() + at);
    if (header.magic != kFrameMagic) {
      at += sizes.alignment;
      continue;
    }
    const uint64_t padded = align_up(header.frame_bytes, sizes.alignment);
    const bool whole = header.frame_bytes >= sizeof(FrameHeader) && padded <= end - at;
    if (whole && (repairs & kRepairLogs) != 0) repair_logs(file.data() + at, header);
    if (whole && (repairs & kRepairFrames) != 0)
      header.body_crc = crc32c(0, file.data() + at + sizeof(FrameHeader), padded - sizeof(FrameHeader));
    if ((repairs & kRepairChain) != 0 && !first) header.prev_frame_crc = prev_crc;
    if ((repairs & (kRepairFrames | kRepairChain)) != 0) header.header_crc = crc_of(header);
    store(file.data() + at, header);
    prev_crc = header.header_crc;
    first = false;
    at += whole ? padded : sizes.alignment;
  }
}

void repair_header(Bytes& file, uint64_t at, const Sizes& sizes, uint8_t repairs) {
  auto header = load<PageHeader>(file.data() + at);
  if (header.magic != kPageMagic) return;
  const uint64_t index_bytes = uint64_t{header.index_count} * sizeof(IndexEntry);
  if ((repairs & kRepairIndexes) != 0 && sizes.index_offset + index_bytes <= file.size())
    header.index_crc = crc32c(0, file.data() + sizes.index_offset, index_bytes);
  if ((repairs & kRepairBounds) != 0) {
    uint32_t last = header.prev_frame_crc;
    for (uint64_t offset = kPageDataOffset; offset + sizeof(FrameHeader) <= file.size();) {
      const auto frame = load<FrameHeader>(file.data() + offset);
      if (frame.magic != kFrameMagic || offset - kPageDataOffset >= header.end_offset) break;
      if (offset == kPageDataOffset) header.prev_frame_crc = frame.prev_frame_crc;
      last = frame.header_crc;
      offset += align_up(std::max<uint64_t>(frame.frame_bytes, 1), sizes.alignment);
    }
    header.last_frame_crc = last;
  }
  header.crc = crc_of(header);
  store(file.data() + at, header);
}

void repair_page(Bytes& file, const Sizes& sizes, uint8_t repairs) {
  if ((repairs & (kRepairFrames | kRepairLogs | kRepairChain)) != 0) repair_frames(file, sizes, repairs);
  if ((repairs & (kRepairPageHeaders | kRepairIndexes | kRepairBounds)) == 0) return;
  for (uint64_t copy = 0; copy < kPageHeaderCopies; ++copy) {
    const uint64_t at = copy * kPageHeaderCopyStride;
    if (at + sizeof(PageHeader) <= file.size()) repair_header(file, at, sizes, repairs);
  }
}

void repair_tail_copy(Bytes& file) {
  if (file.size() < kTailCopyDataOffset) return;
  auto header = load<TailCopyHeader>(file.data());
  if (header.frame_bytes > file.size() - kTailCopyDataOffset) return;
  header.crc = crc32c(crc_of(header), file.data() + kTailCopyDataOffset, header.frame_bytes);
  store(file.data(), header);
}

}  // namespace

void repair(MemoryFiles& files, uint8_t repairs) {
  const std::string directory = std::string(kDirectory) + "/";
  if ((repairs & kRepairSuperblock) != 0) {
    if (Bytes* const ring = files.find(directory + "RING"))
      repair_copies<Superblock>(*ring, kSuperblockCopyStride, kSuperblockCopies);
    if (Bytes* const head = files.find(directory + "head")) repair_copies<Head>(*head, kMaxAlignment, 1);
  }
  const Sizes sizes = sizes_of(files);
  constexpr uint32_t kMostSlots = 4;
  for (uint32_t slot = 0; slot < kMostSlots; ++slot) {
    if (Bytes* const page = files.find(directory + page_file_name(slot))) repair_page(*page, sizes, repairs);
  }
  if ((repairs & kRepairTailCopy) == 0) return;
  if (Bytes* const tail = files.find(directory + "TAIL")) repair_tail_copy(*tail);
}

}  // namespace waldo::fuzz
