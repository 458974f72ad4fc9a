#include "support/target.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t bytes, size_t max_bytes, unsigned seed) {
  return waldo::fuzz::mutate(data, bytes, max_bytes, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  waldo::fuzz::run(data, bytes);
  return 0;
}
