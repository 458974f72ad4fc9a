// Every single bit of a ring of several laps, flipped one at a time.
#pragma once

#include <cstdint>
#include <string>

namespace waldo::crash {

struct FlipCounts {
  uint64_t flips = 0;
  uint64_t refused = 0;  // the others change nothing that the ring shows
};

// Flips every `of`th bit, beginning with bit `first`. What is wrong, or "".
std::string flip_bits(uint64_t first, uint64_t of, FlipCounts* counts);

}  // namespace waldo::crash
