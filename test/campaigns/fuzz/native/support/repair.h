// Makes checksums right again after a ring's bytes were changed, so that an input reaches what they guard. A forger
// could do so, too: CRC32C is no authentication.
#pragma once

#include "support/memory_files.h"

namespace waldo::fuzz {

enum Repair : uint8_t {
  kRepairSuperblock = 1,  // and the head
  kRepairPageHeaders = 2,
  kRepairIndexes = 4,  // index_crc in the headers, of what is there
  kRepairFrames = 8,   // body_crc and header_crc
  kRepairLogs = 16,    // each log's crc
  kRepairChain = 32,   // each frame's prev_frame_crc is that of the frame before it in the page
  kRepairTailCopy = 64,
  kRepairBounds = 128,  // the headers' CRCs of their page's last frame, and of the frame before the page
};

// `repairs` is a set of Repair.
void repair(MemoryFiles& files, uint8_t repairs);

}  // namespace waldo::fuzz
