// A small record that is kept twice, each copy in sectors of its own, so that a torn write leaves the other one.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "file.h"
#include "format.h"

namespace waldo {

// Only damage, or a forger, brings a record so far. What would be written now, the next open would pass over.
inline Status check_generation(uint64_t generation, const std::string& path) {
  if (generation < kMaxGeneration) return Status();
  return Status::make(Code::kExceedsLimit,
                      path + " was written 18,446,744,073,709,551,614 times; no generation is left");
}

// Writes the copy that is a record's turn: the other one holds the generation before.
template <uint32_t kCopies, uint64_t kStride, typename Record>
Status write_copy(File& file, const Record& record) {
  static_assert(sizeof(Record) <= kStride, "copies do not overlap");
  WALDO_TRY(check_generation(record.generation, file.path()));
  std::vector<uint8_t> copy(kStride, 0);
  std::memcpy(copy.data(), &record, sizeof(record));
  return file.write(record.generation % kCopies * kStride, copy.data(), copy.size());
}

// Makes the file with its first generations: it is there as a whole, durably, or it is not.
template <uint32_t kCopies, uint64_t kStride, typename Record>
Status create_copies(FileSystem& fs, const std::string& directory, const std::string& name, uint32_t mode,
                     Record record) {
  const std::string temporary = directory + "/" + name + ".tmp";
  WALDO_TRY(fs.remove(temporary));
  OpenFlags flags;
  flags.write = flags.create = true;
  flags.mode = mode;
  std::unique_ptr<File> file;
  WALDO_TRY(fs.open(temporary, flags, &file));
  for (uint32_t copy = 1; copy <= kCopies; ++copy) {
    record.generation = copy;
    record.crc = crc_of(record);
    WALDO_TRY((write_copy<kCopies, kStride>(*file, record)));
  }
  WALDO_TRY(file->sync());
  WALDO_TRY(fs.rename(temporary, directory + "/" + name));
  return fs.sync_directory(directory);
}

}  // namespace waldo
