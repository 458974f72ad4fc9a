// The cells of the campaign: each is one filesystem under one kind of trouble.
#pragma once

#include <cstdint>
#include <string>

namespace waldo::test {

struct CellOptions {
  std::string home;  // an empty folder of this process's own mounts
  std::string filesystem;
  uint64_t seed = 0;
  uint64_t count = 0;   // images, or seeds
  std::string program;  // as it was called, for the command that repeats a case
};

struct CellResult {
  std::string violation;  // "" if all is well
  std::string figures;
};

// Simulated power losses: images of the block device.
CellResult replay(const CellOptions& options);
// Writes and flushes that fail.
CellResult device_errors(const CellOptions& options);
// No room left, before the ring is made and after.
CellResult full_disk(const CellOptions& options);
// Mounted read-only.
CellResult read_only(const CellOptions& options);
// A filesystem without O_DIRECT.
CellResult no_direct(const CellOptions& options);

}  // namespace waldo::test
