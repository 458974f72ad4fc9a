// The small records that are kept in two copies: cursors and the superblock; and the head, which has one. An input is
// which of them, then the copies, one after the other, without the zeros between them.
#include <cstring>
#include <random>

#include "cursors.h"
#include "frame.h"
#include "head.h"
#include "superblock.h"
#include "support/fuzz_ring.h"
#include "support/require.h"
#include "support/target.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace waldo::fuzz {

namespace {

enum Kind : uint8_t { kCursor, kSuperblock, kHead, kKinds };

constexpr uint64_t kStride = 4096;

// Puts the copies of records into a file, each at the start of its 4 KiB; a file may end early.
template <typename Record>
void put_copies(MemoryFiles& files, const std::string& path, const uint8_t* data, size_t bytes) {
  Bytes& file = files.make(path);
  file.clear();
  for (uint64_t copy = 0; copy < 2 && bytes > 0; ++copy) {
    const size_t part = std::min(bytes, sizeof(Record));
    file.resize(copy * kStride + part);
    std::memcpy(file.data() + copy * kStride, data, part);
    data += part;
    bytes -= part;
  }
}

// A forged generation may be the last one.
bool last_generation(const Status& status) {
  return !status.ok() && status.error().code == Code::kExceedsLimit;
}

void check_cursor(MemoryFiles& files, const uint8_t* data, size_t bytes) {
  const RingOptions options = small_ring();
  Cursors cursors(files, kDirectory, options.ring_id, 0600, "a fuzzer");
  put_copies<CursorRecord>(files, std::string(kDirectory) + "/cursors/one.cursor", data, bytes);
  std::vector<CursorState> listed;
  Status status = cursors.list(&listed);
  FUZZ_REQUIRE(status.ok() && listed.size() == 1, "the cursor is not listed");
  CursorState state;
  bool created = false;
  status = cursors.open("one", nullptr, 0, &state, &created);
  FUZZ_REQUIRE(!created, "a cursor that is there was made anew");
  FUZZ_REQUIRE(state.position == listed[0].position && state.damaged == listed[0].damaged,
               "it is listed as another");
  if (last_generation(status)) return;
  if (!status.ok()) {
    const Code code = status.error().code;
    FUZZ_REQUIRE((state.damaged && code == Code::kCorrupt) || (state.foreign && code == Code::kCursor),
                 status.error().message);
    status = cursors.remove("one");
    FUZZ_REQUIRE(status.ok(), "a cursor that cannot be opened cannot be deleted");
    return;
  }
  FUZZ_REQUIRE(state.position <= kMaxSeqNo, "a position beyond all numbers");
  const uint64_t next = std::min(state.position + 1, kMaxSeqNo);
  status = cursors.commit("one", next);
  if (last_generation(status)) return;
  FUZZ_REQUIRE(status.ok(), status.error().message);
  cursors.close("one");
  status = cursors.open("one", nullptr, 0, &state, &created);
  if (last_generation(status)) return;
  FUZZ_REQUIRE(status.ok() && state.position == next && !created, "a commit is not there when opened again");
}

void check_superblock(MemoryFiles& files, const uint8_t* data, size_t bytes) {
  put_copies<Superblock>(files, std::string(kDirectory) + "/RING", data, bytes);
  std::unique_ptr<SuperblockFile> file;
  bool healed = false;
  Status status = SuperblockFile::open(files, kDirectory, true, &file, &healed);
  if (!status.ok()) {
    const Code code = status.error().code;
    FUZZ_REQUIRE(code == Code::kCorrupt || code == Code::kVersion, status.error().message);
    return;
  }
  const Superblock before = file->superblock();
  FUZZ_REQUIRE(before.ring_size >= 2 && before.ring_size <= kMaxRingSize &&
                   before.file_capacity <= kMaxFileCapacity && before.file_capacity % kMaxAlignment == 0 &&
                   before.index_capacity <= kMaxIndexCapacity && before.max_frame_bytes <= kMaxFrameCapacity,
               "a geometry out of range");
  status = file->update(before.epoch + 1, before.max_frame_bytes);
  if (last_generation(status)) return;
  FUZZ_REQUIRE(status.ok(), status.error().message);
  status = SuperblockFile::open(files, kDirectory, false, &file, &healed);
  FUZZ_REQUIRE(status.ok(), status.error().message);
  const Superblock& after = file->superblock();
  FUZZ_REQUIRE(after.epoch == before.epoch + 1 && after.ring_size == before.ring_size &&
                   after.file_capacity == before.file_capacity,
               "an update is not there when opened again");
}

void check_head(MemoryFiles& files, const uint8_t* data, size_t bytes) {
  const Geometry geometry = small_geometry();
  put_copies<Head>(files, std::string(kDirectory) + "/head", data, std::min(bytes, sizeof(Head)));
  HeadReader reader(files, kDirectory, geometry);
  Head head{};
  if (!reader.find() || !reader.read(&head)) return;
  FUZZ_REQUIRE(head.end_offset <= geometry.file_capacity && head.end_offset % geometry.alignment == 0 &&
                   head.tip <= kMaxSeqNo && head.giving_up <= kMaxSeqNo,
               "a head out of range");
}

template <typename Record>
void repair_copies(uint8_t* data, size_t bytes, const char* magic, bool made_up) {
  for (uint32_t copy = 0; copy < 2 && bytes >= sizeof(Record); ++copy) {
    Record record = load<Record>(data);
    if (made_up) {
      std::memcpy(record.magic, magic, sizeof(record.magic));
      record.version = kFormatVersion;
      record.bytes = sizeof(Record);
      const RingOptions options = small_ring();
      std::memcpy(record.ring_id, options.ring_id.data(), options.ring_id.size());
    }
    record.crc = crc_of(record);
    std::memcpy(data, &record, sizeof(record));
    data += sizeof(Record);
    bytes -= sizeof(Record);
  }
}

}  // namespace

void run(const uint8_t* data, size_t bytes) {
  if (bytes == 0) return;
  static auto* const files = new MemoryFiles;
  files->reset({});
  const uint8_t kind = data[0] % kKinds;
  if (kind == kCursor) check_cursor(*files, data + 1, bytes - 1);
  if (kind == kSuperblock) check_superblock(*files, data + 1, bytes - 1);
  if (kind == kHead) check_head(*files, data + 1, bytes - 1);
}

size_t mutate(uint8_t* data, size_t bytes, size_t max_bytes, unsigned seed) {
  std::minstd_rand random(seed + 1);
  bytes = LLVMFuzzerMutate(data, bytes, max_bytes);
  const auto choice = random() / 256 % 8;
  if (bytes == 0 || choice > 4) return bytes;
  const bool made_up = choice < 2;
  const uint8_t kind = data[0] % kKinds;
  if (kind == kCursor) repair_copies<CursorRecord>(data + 1, bytes - 1, kCursorMagic, made_up);
  if (kind == kSuperblock) repair_copies<Superblock>(data + 1, bytes - 1, kSuperblockMagic, made_up);
  if (kind == kHead) repair_copies<Head>(data + 1, bytes - 1, kHeadMagic, made_up);
  return bytes;
}

}  // namespace waldo::fuzz
