// The fields of what is on the disk, so that inputs can name one instead of a byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace waldo::fuzz {

enum class Structure : uint8_t {
  kSuperblock,
  kPageHeader,
  kFrameHeader,
  kLogHeader,
  kIndexEntry,
  kTailCopy,
  kHead,
  kCount
};

struct Field {
  size_t offset;
  size_t bytes;
};

const std::vector<Field>& fields_of(Structure structure);

// Values at which code tends to break: limits of the format and of integers, and their neighbours.
const std::vector<uint64_t>& telling_values();

}  // namespace waldo::fuzz
