#include <algorithm>
#include <cstring>
#include <random>

#include "support/edits.h"
#include "support/fields.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace waldo::fuzz {

namespace {

constexpr size_t kHeaderBytes = 3;  // base, mode, repairs
constexpr uint8_t kSetField = 1;

using Random = std::minstd_rand;

uint8_t draw(Random& random) { return static_cast<uint8_t>(random() >> 8); }

// One edit. Most of them set a field: other bytes are met by chance often enough.
std::vector<uint8_t> drawn_edit(Random& random) {
  std::vector<uint8_t> edit;
  if (draw(random) % 3 == 0) {
    edit.push_back(draw(random));
    for (int i = draw(random) % 10; i >= 0; --i) edit.push_back(draw(random));
    return edit;
  }
  edit.push_back(kSetField);
  edit.push_back(draw(random));  // structure
  edit.push_back(draw(random));  // which of them
  edit.push_back(draw(random) % 2);
  edit.push_back(draw(random));  // field
  const uint8_t how = draw(random) % 4 | (draw(random) & 128);
  if ((how & 2) != 0) {
    edit.push_back(how);
    edit.push_back(draw(random) % static_cast<uint8_t>(telling_values().size()));
  } else {
    const auto bytes = static_cast<uint8_t>(draw(random) % 3);
    edit.push_back(static_cast<uint8_t>(how | bytes << 2));
    for (uint8_t i = 0; i < bytes; ++i) edit.push_back(draw(random));
  }
  return edit;
}

}  // namespace

size_t mutate_edits(uint8_t* data, size_t bytes, size_t max_bytes, unsigned seed) {
  Random random(seed + 1);
  if (bytes < kHeaderBytes) {
    std::memset(data + bytes, 0, kHeaderBytes - bytes);
    bytes = kHeaderBytes;
  }
  switch (draw(random) % 8) {
    case 0:
    case 1:
      return LLVMFuzzerMutate(data, bytes, max_bytes);
    case 2:
      data[draw(random) % kHeaderBytes] = draw(random);
      return bytes;
    case 3: {
      // Everything repaired, or all but one thing.
      data[2] = static_cast<uint8_t>(~(1 << draw(random) % 9));
      break;
    }
    default:
      break;
  }
  const std::vector<uint8_t> edit = drawn_edit(random);
  if (bytes + edit.size() > max_bytes) return LLVMFuzzerMutate(data, bytes, max_bytes);
  const bool at_end = draw(random) % 4 != 0;
  const size_t at = at_end ? bytes : kHeaderBytes + random() % (bytes - kHeaderBytes + 1);
  std::memmove(data + at + edit.size(), data + at, bytes - at);
  std::copy(edit.begin(), edit.end(), data + at);
  return bytes + edit.size();
}

}  // namespace waldo::fuzz
