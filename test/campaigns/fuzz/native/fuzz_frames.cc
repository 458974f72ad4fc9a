// The frames of one page, and the logs in them, as raw bytes: scanning them, reading them, packing them for object
// storage, and sealing what was packed. Half of the mutations make the checksums right again.
#include <cstring>
#include <random>

#include "page_scanner.h"
#include "records.h"
#include "support/fuzz_ring.h"
#include "support/repair.h"
#include "support/require.h"
#include "support/target.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace waldo::fuzz {

namespace {

constexpr uint64_t kPageNo = 5;
constexpr size_t kMostBytes = 16 * 1024;

template <typename T>
void store(uint8_t* at, const T& value) {
  std::memcpy(at, &value, sizeof(value));
}

// A valid frame is what sealing its logs makes of them.
void check_seals(const FrameProbe& probe) {
  std::vector<uint8_t> copy(probe.frame, probe.frame + probe.padded_bytes);
  PackedFrame frame;
  frame.data = copy.data();
  frame.frame_bytes = probe.header.frame_bytes;
  frame.padded_bytes = static_cast<uint32_t>(probe.padded_bytes);
  frame.log_count = probe.header.log_count;
  const Status sealed = seal_body(&frame);
  FUZZ_REQUIRE(sealed.ok(), sealed.error().message);
  FUZZ_REQUIRE(frame.first_seq_no == probe.header.first_seq_no &&
                   frame.last_seq_no == probe.header.last_seq_no &&
                   frame.prev_seq_no == probe.header.prev_seq_no,
               "sealing finds other numbers");
  RingId ring_id;
  std::memcpy(ring_id.data(), probe.header.ring_id, ring_id.size());
  seal_header(&frame, {&ring_id, probe.header.position, probe.header.epoch, probe.header.durable_seq_no,
                       probe.header.prev_frame_crc});
  FUZZ_REQUIRE(body_valid(copy.data(), load<FrameHeader>(copy.data()), kMinAlignment),
               "what was sealed is not valid");
}

// The records of a frame's logs are their lengths and data, whatever else their headers say.
void check_packs(const FrameProbe& probe) {
  const size_t end = probe.header.frame_bytes;
  std::vector<uint8_t> records(end);
  size_t written = 0;
  const Packing packed =
      pack_records(probe.frame, sizeof(FrameHeader), end, records.data(), records.size(), &written);
  FUZZ_REQUIRE(packed == Packing::kDone, "a valid frame's logs cannot be packed");
  size_t at = 0;
  for (uint32_t i = 0; i < probe.header.log_count; ++i) {
    FUZZ_REQUIRE(written - at >= sizeof(uint32_t), "a record is missing");
    const uint32_t length = load<uint32_t>(records.data() + at);
    FUZZ_REQUIRE(length <= written - at - sizeof(length), "a record is cut off");
    at += sizeof(length) + length;
  }
  FUZZ_REQUIRE(at == written, "more records than logs");
}

void check_scan(const uint8_t* data, size_t bytes) {
  static auto* const files = new MemoryFiles;
  static const std::string path = std::string(kDirectory) + "/" + page_file_name(kPageNo % 3);
  Page page(small_geometry(), kPageNo % 3);
  Bytes& file = files->make(path);
  file.resize(kPageDataOffset);
  file.insert(file.end(), data, data + bytes);
  Status opened = page.open(*files, kDirectory, OpenFlags());
  FUZZ_REQUIRE(opened.ok(), opened.error().message);
  PageScanner scanner(page, kPageNo);
  FrameProbe probe;
  for (uint64_t at = 0;; at = probe.end()) {
    const Status status = scanner.next_valid(at, small_geometry().file_capacity, &probe);
    FUZZ_REQUIRE(status.ok(), status.error().message);
    if (probe.state != FrameState::kValid) break;
    FUZZ_REQUIRE(probe.offset >= at && probe.end() <= bytes, "a frame outside of its page");
    FUZZ_REQUIRE(probe.header.position == kPageNo * small_geometry().file_capacity + probe.offset,
                 "a frame out of place");
    check_seals(probe);
    check_packs(probe);
  }
}

// Bytes that never were a frame, given to what trusts its caller for no more than memory.
void check_loose(const uint8_t* data, size_t bytes) {
  std::vector<uint8_t> target(bytes);
  size_t written = 0;
  const size_t room = bytes == 0 ? 0 : bytes - data[0] % bytes;
  if (pack_records(data, 0, bytes, target.data(), room, &written) == Packing::kDone)
    FUZZ_REQUIRE(written <= room, "more was packed than there is room");
  if (bytes < sizeof(FrameHeader)) return;
  PackedFrame frame;
  std::vector<uint8_t> copy(data, data + bytes);
  copy.resize(align_up(bytes, kMinAlignment));
  frame.data = copy.data();
  frame.frame_bytes = static_cast<uint32_t>(bytes);
  frame.padded_bytes = static_cast<uint32_t>(copy.size());
  frame.log_count = load<uint32_t>(data);
  if (!seal_body(&frame).ok()) return;
  FUZZ_REQUIRE(frame.last_seq_no <= kMaxSeqNo, "sealed a number that is too high");
}

// Puts a frame of some logs at a sector.
void put_frame(uint8_t* data, size_t bytes, std::minstd_rand& random) {
  const uint64_t offset = random() % (bytes / kMinAlignment) * kMinAlignment;
  uint8_t* const frame = data + offset;
  FrameHeader header{};
  header.magic = kFrameMagic;
  header.version = kFormatVersion;
  header.bytes = sizeof(FrameHeader);
  header.log_count = static_cast<uint32_t>(random() % 4 + 1);
  const RingOptions options = small_ring();
  std::memcpy(header.ring_id, options.ring_id.data(), options.ring_id.size());
  header.position = kPageNo * options.file_capacity + offset;
  header.prev_seq_no = random() % 100;
  uint64_t prev = header.prev_seq_no;
  uint64_t end = sizeof(FrameHeader);
  for (uint32_t i = 0; i < header.log_count; ++i) {
    const LogHeader log{prev + random() % 3 + 1, prev, static_cast<uint32_t>(random() % 90), 0};
    if (offset + end + log_stride(log.length) > bytes) return;
    store(frame + end, log);
    if (i == 0) header.first_seq_no = log.seq_no;
    prev = log.seq_no;
    end += log_stride(log.length);
  }
  header.last_seq_no = prev;
  header.frame_bytes = static_cast<uint32_t>(end);
  store(frame, header);
}

}  // namespace

void run(const uint8_t* data, size_t bytes) {
  if (bytes > kMostBytes) return;
  check_scan(data, bytes);
  check_loose(data, bytes);
}

size_t mutate(uint8_t* data, size_t bytes, size_t max_bytes, unsigned seed) {
  std::minstd_rand random(seed + 1);
  const bool put = random() / 256 % 8 == 0;
  if (put && bytes >= kMinAlignment) {
    put_frame(data, bytes, random);
  } else {
    bytes = LLVMFuzzerMutate(data, bytes, max_bytes);
  }
  if (put || random() / 256 % 2 == 0) {
    // Whole sectors, so that a frame's zeros at the end are there.
    const size_t padded = align_up(bytes, kMinAlignment);
    if (padded <= max_bytes) {
      std::memset(data + bytes, 0, padded - bytes);
      bytes = padded;
    }
    MemoryFiles files;
    Bytes& page = files.make(std::string(kDirectory) + "/" + page_file_name(0));
    page.resize(kPageDataOffset);
    page.insert(page.end(), data, data + bytes);
    repair(files, kRepairFrames | kRepairLogs);
    std::memcpy(data, page.data() + kPageDataOffset, bytes);
  }
  return bytes;
}

}  // namespace waldo::fuzz
