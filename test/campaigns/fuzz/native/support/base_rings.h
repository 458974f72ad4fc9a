// Sound rings that inputs start from.
#pragma once

#include <vector>

#include "support/memory_files.h"

namespace waldo::fuzz {

// Where a structure lies in the files of a ring.
struct Place {
  std::string path;
  uint64_t offset = 0;
};

struct BaseRing {
  Image image;
  std::vector<std::string> paths;  // of the image
  std::vector<Place> frames;       // also those of earlier laps
  std::vector<Place> logs;
};

// Several laps, killed with a torn group; the same, closed; one page; short pages; big logs; numbers with gaps,
// sectors of 4 KiB; salvaged; new; killed while its tail was written again.
const std::vector<BaseRing>& base_rings();

}  // namespace waldo::fuzz
