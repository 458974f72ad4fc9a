// What a power loss at a moment of a recording may leave on the disk: everything that a flush has covered,
// and of the writes since then any sectors, applied in any order.
#pragma once

#include "block_device.h"
#include "support/sim_rng.h"

namespace waldo::test {

struct CrashImage {
  size_t records = 0;    // that had reached the device
  size_t unflushed = 0;  // requests among them that no flush has covered
  Marks promised;
};

// What a device writes as a whole.
constexpr uint32_t kSector = 512;
constexpr uint32_t kLargeSector = 4096;

// Puts the image into the device. `records` must not go down from one call to the next.
CrashImage make_crash_image(BlockDevice& device, size_t records, const Marks& at_the_end, uint32_t sector,
                            SimRng& rng);

}  // namespace waldo::test
