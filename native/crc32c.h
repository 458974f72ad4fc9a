// CRC32C (Castagnoli), as in RFC 3720 appendix B.4; reflected polynomial 0x82f63b78, initial value and
// final xor all ones.
#pragma once

#include <cstddef>
#include <cstdint>

namespace waldo {

// The CRC of `bytes` more after data whose CRC is `crc` (0 for none). Picks SSE4.2, ARMv8 or portable code
// at start.
uint32_t crc32c(uint32_t crc, const void* data, size_t bytes);

// Two CRCs of a record that carries the first of them: `inner` covers its head and its data, `outer` goes on
// over all of it: head, `inner`, data, and zeros up to a multiple of eight bytes of data, which must be there.
// About as fast as one. Little-endian machines, as everything here.
struct NestedCrc {
  uint32_t inner;
  uint32_t outer;
};
constexpr size_t kNestedHeadBytes = 20;
NestedCrc crc32c_nested(uint32_t outer, const uint8_t* head, const uint8_t* data, size_t bytes);

// "sse4.2", "armv8" or "portable": what crc32c() uses on this machine.
const char* crc32c_implementation();

// The fall-back, for tests that compare.
uint32_t crc32c_portable(uint32_t crc, const void* data, size_t bytes);

}  // namespace waldo
