// Slabs for fuzzers, in the place of native/slab.cc: mapped once and used again, since mapping anew takes longer than
// all the rest of an input; and under AddressSanitizer's eye, which does not look at mappings by itself.
#pragma once

#include <cstddef>

namespace waldo::fuzz {

// Before and after a file is read into memory: if that is a slab's, what lies behind the bytes that came must not be
// looked at, since it is left from an earlier read.
void allow_read_into(void* buffer, size_t bytes);
void watch_what_was_read(void* buffer, size_t got);

}  // namespace waldo::fuzz
