// Chains of crashes of one ring, each followed by many images of what the disk may hold then.
#pragma once

#include <cstdint>
#include <string>

#include "check.h"

namespace waldo::crash {

// What is wrong, or "".
std::string run_history(uint64_t seed, uint32_t images_a_crash, ImageCounts* counts);

}  // namespace waldo::crash
