#include "superblock.h"

#include <vector>

#include "two_copies.h"

namespace waldo {

namespace {

bool geometry_valid(const Superblock& block) {
  const bool alignment = block.alignment >= kMinAlignment && block.alignment <= kMaxAlignment &&
                         (block.alignment & (block.alignment - 1)) == 0;
  return alignment && block.ring_size >= 2 && block.ring_size <= kMaxRingSize &&
         block.file_capacity >= kMinFileCapacity && block.file_capacity <= kMaxFileCapacity &&
         block.file_capacity % kMaxAlignment == 0 && block.index_capacity >= 1 &&
         block.index_capacity <= kMaxIndexCapacity && block.max_frame_bytes >= kMinFrameCapacity &&
         block.max_frame_bytes <= kMaxFrameCapacity;
}

enum class Copy { kValid, kBad, kFuture };

Copy check_copy(const uint8_t* bytes, size_t copy_no, Superblock* block) {
  *block = load<Superblock>(bytes);
  if (std::memcmp(block->magic, kSuperblockMagic, sizeof(kSuperblockMagic)) != 0) return Copy::kBad;
  // A later version may be longer, so that its CRC cannot be checked here; magic and version stay where
  // they are.
  if (block->version > kFormatVersion && block->bytes != 0) return Copy::kFuture;
  if (block->version != kFormatVersion || block->bytes != sizeof(Superblock) || block->crc != crc_of(*block))
    return Copy::kBad;
  if (block->generation % kSuperblockCopies != copy_no || block->generation >= kMaxGeneration ||
      !geometry_valid(*block))
    return Copy::kBad;
  return Copy::kValid;
}

}  // namespace

Status SuperblockFile::create(FileSystem& fs, const std::string& directory, const Superblock& superblock,
                              uint32_t mode) {
  return create_copies<kSuperblockCopies, kSuperblockCopyStride>(fs, directory, "RING", mode, superblock);
}

Status SuperblockFile::open(FileSystem& fs, const std::string& directory, bool write,
                            std::unique_ptr<SuperblockFile>* result, bool* healed) {
  const std::string path = directory + "/RING";
  OpenFlags flags;
  flags.write = flags.dsync = write;
  std::unique_ptr<File> file;
  Status opened = fs.open(path, flags, &file);
  if (opened.missing()) return Status::make(Code::kNotFound, "there is no ring in " + directory);
  WALDO_TRY(opened);
  std::vector<uint8_t> bytes(kSuperblockFileBytes, 0);
  size_t got = 0;
  WALDO_TRY(file->read(0, bytes.data(), bytes.size(), &got));
  Superblock best{};
  size_t valid = 0;
  size_t future = 0;
  uint16_t future_version = 0;
  for (uint32_t copy = 0; copy < kSuperblockCopies; ++copy) {
    Superblock block;
    switch (check_copy(bytes.data() + copy * kSuperblockCopyStride, copy, &block)) {
      case Copy::kValid:
        if (valid++ == 0 || block.generation > best.generation) best = block;
        break;
      case Copy::kFuture:
        ++future;
        future_version = block.version;
        break;
      case Copy::kBad:
        break;
    }
  }
  // A later release rewrites both; one copy of a later version is a flipped bit.
  if (future == kSuperblockCopies) {
    return Status::make(Code::kVersion, path + " has format version " + std::to_string(future_version) +
                                            "; this release reads version " + std::to_string(kFormatVersion));
  }
  if (valid == 0) {
    std::string what = path + " is damaged: neither copy of the superblock is valid (" + std::to_string(got) +
                       " of " + std::to_string(kSuperblockFileBytes) + " bytes are there)";
    if (future > 0) what += "; one says that it has format version " + std::to_string(future_version);
    return Status::corrupt(what, std::nullopt, path);
  }
  *healed = valid < kSuperblockCopies;
  result->reset(new SuperblockFile(std::move(file), best));
  return Status();
}

Status SuperblockFile::update(uint64_t epoch, uint32_t max_frame_bytes) {
  Superblock next = superblock_;
  next.generation += 1;
  next.epoch = epoch;
  next.max_frame_bytes = max_frame_bytes;
  next.crc = crc_of(next);
  // The copy that was found may be in memory only: until it is durable, the other one must stay.
  WALDO_TRY(file_->sync());
  WALDO_TRY((write_copy<kSuperblockCopies, kSuperblockCopyStride>(*file_, next)));
  superblock_ = next;
  return Status();
}

}  // namespace waldo
