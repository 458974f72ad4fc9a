// What each fuzz_NAME.cc defines; libFuzzer's entry points are in target.cc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace waldo::fuzz {

// Runs one input; ends the program if it finds something.
void run(const uint8_t* data, size_t bytes);

// Changes an input. Returns its new length, at most `max_bytes`.
size_t mutate(uint8_t* data, size_t bytes, size_t max_bytes, unsigned seed);

}  // namespace waldo::fuzz
