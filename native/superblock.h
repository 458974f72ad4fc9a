// RING: what a ring is (id, geometry) and how often it was opened (epoch).
#pragma once

#include <memory>
#include <string>

#include "file.h"
#include "format.h"
#include "frame.h"

namespace waldo {

class SuperblockFile {
 public:
  // Writes both copies to a temporary file and puts it in place: after a crash RING is there whole, or not
  // at all.
  static Status create(FileSystem& fs, const std::string& directory, const Superblock& superblock,
                       uint32_t mode);

  // Reads the newer valid copy. kNotFound when there is no RING, kCorrupt when no copy is valid, kVersion
  // when a later version of the format wrote it. *healed says whether one copy was bad.
  static Status open(FileSystem& fs, const std::string& directory, bool write,
                     std::unique_ptr<SuperblockFile>* file, bool* healed);

  const Superblock& superblock() const { return superblock_; }

  // Writes the older copy, durably; the newer one stays as it is.
  Status update(uint64_t epoch, uint32_t max_frame_bytes);

 private:
  SuperblockFile(std::unique_ptr<File> file, const Superblock& superblock)
      : file_(std::move(file)), superblock_(superblock) {}
  std::unique_ptr<File> file_;
  Superblock superblock_;
};

}  // namespace waldo
