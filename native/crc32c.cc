// The hardware path runs three CRC instructions at a time over three neighbouring blocks, because one has a
// latency of three cycles but a throughput of one, and joins the results by carry-less multiplication: V.
// Gopal, E. Ozturk, J. Guilford et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32
// Instruction", Intel, 2011. The portable path is slicing-by-8: M. Kounavis and F. Berry, "A Systematic
// Approach to Building High Performance, Software-based, CRC Generators", 2005.
#include "crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#define WALDO_CRC_TARGET __attribute__((target("sse4.2,pclmul")))
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <arm_neon.h>
#ifdef __linux__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#ifdef __clang__
#define WALDO_CRC_TARGET __attribute__((target("crc,aes")))
#else
#define WALDO_CRC_TARGET __attribute__((target("+crc+crypto")))
#endif
#endif

namespace waldo {

namespace {

// Polynomials over GF(2) lie reflected: bit 31 of a word is the coefficient of x^0.
constexpr uint32_t kPolynomial = 0x82f63b78;

constexpr uint32_t times_x(uint32_t value) { return (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0); }

uint64_t load64(const uint8_t* bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

uint32_t load32(const uint8_t* bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

// In two passes.
NestedCrc nested(uint32_t (*crc)(uint32_t, const void*, size_t), uint32_t outer, const uint8_t* head,
                 const uint8_t* data, size_t bytes) {
  const uint32_t inner = crc(crc(0, head, kNestedHeadBytes), data, bytes);
  outer = crc(outer, head, kNestedHeadBytes);
  outer = crc(outer, &inner, sizeof(inner));
  return {inner, crc(outer, data, (bytes + 7) / 8 * 8)};
}

// kSlices[k][b]: the CRC register after byte b and k zero bytes.
constexpr std::array<std::array<uint32_t, 256>, 8> make_slices() {
  std::array<std::array<uint32_t, 256>, 8> slices{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = times_x(value);
    slices[0][byte] = value;
  }
  for (size_t k = 1; k < slices.size(); ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = slices[k - 1][byte];
      slices[k][byte] = (before >> 8) ^ slices[0][before & 0xff];
    }
  }
  return slices;
}
constexpr auto kSlices = make_slices();

#ifdef WALDO_CRC_TARGET

#if defined(__x86_64__)

constexpr const char* kHardwareName = "sse4.2";

bool hardware_available() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

WALDO_CRC_TARGET inline uint32_t step64(uint32_t crc, uint64_t value) {
  return static_cast<uint32_t>(_mm_crc32_u64(crc, value));
}
WALDO_CRC_TARGET inline uint32_t step32(uint32_t crc, uint32_t value) { return _mm_crc32_u32(crc, value); }
WALDO_CRC_TARGET inline uint32_t step16(uint32_t crc, uint16_t value) { return _mm_crc32_u16(crc, value); }
WALDO_CRC_TARGET inline uint32_t step8(uint32_t crc, uint8_t value) { return _mm_crc32_u8(crc, value); }

WALDO_CRC_TARGET inline uint64_t multiply(uint32_t a, uint32_t b) {
  const __m128i product =
      _mm_clmulepi64_si128(_mm_cvtsi32_si128(static_cast<int>(a)), _mm_cvtsi32_si128(static_cast<int>(b)), 0);
  return static_cast<uint64_t>(_mm_cvtsi128_si64(product));
}

#elif defined(__aarch64__)

constexpr const char* kHardwareName = "armv8";

bool hardware_available() {
#ifdef __linux__
  constexpr unsigned long kNeeded = HWCAP_CRC32 | HWCAP_PMULL;
  return (getauxval(AT_HWCAP) & kNeeded) == kNeeded;
#else
  return true;  // every 64-bit Apple processor has both
#endif
}

WALDO_CRC_TARGET inline uint32_t step64(uint32_t crc, uint64_t value) { return __crc32cd(crc, value); }
WALDO_CRC_TARGET inline uint32_t step32(uint32_t crc, uint32_t value) { return __crc32cw(crc, value); }
WALDO_CRC_TARGET inline uint32_t step16(uint32_t crc, uint16_t value) { return __crc32ch(crc, value); }
WALDO_CRC_TARGET inline uint32_t step8(uint32_t crc, uint8_t value) { return __crc32cb(crc, value); }

WALDO_CRC_TARGET inline uint64_t multiply(uint32_t a, uint32_t b) {
  return static_cast<uint64_t>(vmull_p64(a, b));
}

#endif

constexpr size_t kMaxBlockWords = 128;
static_assert(kMaxBlockWords >= 2, "the last word of a block is taken apart from the others");

// kShift[j]: x^(64 j − 33) mod P. The product of a CRC register and this one, put through the CRC
// instruction as a word, is the register after j more words of zeros: reflection shifts the product by x,
// the instruction by x^32.
constexpr std::array<uint32_t, 2 * kMaxBlockWords + 1> make_shifts() {
  std::array<uint32_t, 2 * kMaxBlockWords + 1> shifts{};
  uint32_t value = 0x80000000;  // x^0
  for (int exponent = 0; exponent < 64 - 33; ++exponent) value = times_x(value);
  for (size_t words = 1; words < shifts.size(); ++words) {
    shifts[words] = value;
    for (int exponent = 0; exponent < 64; ++exponent) value = times_x(value);
  }
  return shifts;
}
constexpr auto kShift = make_shifts();

constexpr uint32_t times(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (int bit = 31; bit >= 0; --bit, b = times_x(b)) {
    if (((a >> bit) & 1) != 0) product ^= b;
  }
  return product;
}

// kLongShift[j] is to 2 * kMaxBlockWords * j words what kShift[j] is to j.
constexpr size_t kLongShiftWords = 2 * kMaxBlockWords;
constexpr std::array<uint32_t, 513> make_long_shifts() {
  std::array<uint32_t, 513> shifts{};
  uint32_t step = 0x80000000;  // x^0
  for (size_t exponent = 0; exponent < 64; ++exponent) step = times_x(step);
  for (size_t words = 1; words < kLongShiftWords; words *= 2) step = times(step, step);
  shifts[1] = kShift[kLongShiftWords];
  for (size_t j = 2; j < shifts.size(); ++j) shifts[j] = times(shifts[j - 1], step);
  return shifts;
}
constexpr auto kLongShift = make_long_shifts();
static_assert((kLongShiftWords & (kLongShiftWords - 1)) == 0, "a power of two is reached by squaring");
constexpr size_t kMaxShiftWords = kLongShiftWords * (kLongShift.size() - 1);

// Three blocks of `words` words each, one after the other.
WALDO_CRC_TARGET inline uint32_t three_blocks(uint32_t crc, const uint8_t* bytes, size_t words) {
  const uint8_t* const second = bytes + words * 8;
  const uint8_t* const third = second + words * 8;
  uint32_t crc0 = crc;
  uint32_t crc1 = 0;
  uint32_t crc2 = 0;
  const size_t last = (words - 1) * 8;
  for (size_t i = 0; i < last; i += 8) {
    crc0 = step64(crc0, load64(bytes + i));
    crc1 = step64(crc1, load64(second + i));
    crc2 = step64(crc2, load64(third + i));
  }
  crc0 = step64(crc0, load64(bytes + last));
  crc1 = step64(crc1, load64(second + last));
  return step64(crc2,
                load64(third + last) ^ multiply(crc0, kShift[2 * words]) ^ multiply(crc1, kShift[words]));
}

// The register after whole words.
WALDO_CRC_TARGET inline uint32_t over_words(uint32_t crc, const uint8_t* next, size_t words) {
  constexpr size_t kMinInterleavedWords = 24;  // below, the join costs more than the latency that it hides
  for (; words >= 3 * kMaxBlockWords; words -= 3 * kMaxBlockWords, next += 24 * kMaxBlockWords) {
    crc = three_blocks(crc, next, kMaxBlockWords);
  }
  if (words >= kMinInterleavedWords) {
    const size_t block = words / 3;
    crc = three_blocks(crc, next, block);
    next += 24 * block;
    words -= 3 * block;
  }
  for (; words > 0; --words, next += 8) crc = step64(crc, load64(next));
  return crc;
}

WALDO_CRC_TARGET uint32_t crc32c_hardware(uint32_t crc, const void* data, size_t bytes) {
  const uint8_t* next = static_cast<const uint8_t*>(data);
  crc = over_words(~crc, next, bytes / 8);
  next += bytes / 8 * 8;
  for (bytes %= 8; bytes > 0; --bytes, ++next) crc = step8(crc, *next);
  return ~crc;
}

// The register after so many words of zeros.
WALDO_CRC_TARGET inline uint32_t over_zeros(uint32_t crc, size_t words) {
  if (words >= kLongShiftWords) crc = step64(0, multiply(crc, kLongShift[words / kLongShiftWords]));
  words %= kLongShiftWords;
  return words > 0 ? step64(0, multiply(crc, kShift[words])) : crc;
}

// The register after the first bytes, less than eight, of a little-endian word.
WALDO_CRC_TARGET inline uint32_t over_part(uint32_t crc, uint64_t word, size_t bytes) {
  if ((bytes & 4) != 0) {
    crc = step32(crc, static_cast<uint32_t>(word));
    word >>= 32;
  }
  if ((bytes & 2) != 0) {
    crc = step16(crc, static_cast<uint16_t>(word));
    word >>= 16;
  }
  return (bytes & 1) != 0 ? step8(crc, static_cast<uint8_t>(word)) : crc;
}

// CRC registers are linear: that over data that follows something is the one over the data alone, and the
// one over as many zeros that follow that something, added up. So the data is read once for both.
WALDO_CRC_TARGET NestedCrc nested_hardware(uint32_t outer, const uint8_t* head, const uint8_t* data,
                                           size_t bytes) {
  const size_t words = bytes / 8;
  const size_t part = bytes % 8;
  if (words + 1 > kMaxShiftWords) return nested(crc32c_hardware, outer, head, data, bytes);
  const uint64_t head2 = load32(head + 16);
  const uint32_t alone = over_words(0, data, words);
  uint32_t inner = step32(step64(step64(~0u, load64(head)), load64(head + 8)), static_cast<uint32_t>(head2));
  inner = over_zeros(inner, words) ^ alone;
  uint32_t padded = alone;
  if (part > 0) {
    const uint64_t last = load64(data + words * 8);
    inner = over_part(inner, last, part);
    padded = step64(alone, last);
  }
  inner = ~inner;
  outer = step64(step64(~outer, load64(head)), load64(head + 8));
  outer = step64(outer, head2 | static_cast<uint64_t>(inner) << 32);
  return {inner, ~(over_zeros(outer, words + (part > 0 ? 1 : 0)) ^ padded)};
}

#endif

NestedCrc nested_portable(uint32_t outer, const uint8_t* head, const uint8_t* data, size_t bytes) {
  return nested(crc32c_portable, outer, head, data, bytes);
}

struct Implementation {
  uint32_t (*run)(uint32_t crc, const void* data, size_t bytes);
  NestedCrc (*run_nested)(uint32_t outer, const uint8_t* head, const uint8_t* data, size_t bytes);
  const char* name;
};

Implementation choose() {
#ifdef WALDO_CRC_TARGET
  if (hardware_available()) return {crc32c_hardware, nested_hardware, kHardwareName};
#endif
  return {crc32c_portable, nested_portable, "portable"};
}

const Implementation& implementation() {
  static const Implementation chosen = choose();
  return chosen;
}

}  // namespace

uint32_t crc32c(uint32_t crc, const void* data, size_t bytes) {
  return implementation().run(crc, data, bytes);
}

NestedCrc crc32c_nested(uint32_t outer, const uint8_t* head, const uint8_t* data, size_t bytes) {
  return implementation().run_nested(outer, head, data, bytes);
}

const char* crc32c_implementation() { return implementation().name; }

uint32_t crc32c_portable(uint32_t crc, const void* data, size_t bytes) {
  const uint8_t* next = static_cast<const uint8_t*>(data);
  crc = ~crc;
  for (; bytes >= 8; bytes -= 8, next += 8) {
    const uint64_t word = load64(next) ^ crc;
    crc = kSlices[7][word & 0xff] ^ kSlices[6][(word >> 8) & 0xff] ^ kSlices[5][(word >> 16) & 0xff] ^
          kSlices[4][(word >> 24) & 0xff] ^ kSlices[3][(word >> 32) & 0xff] ^
          kSlices[2][(word >> 40) & 0xff] ^ kSlices[1][(word >> 48) & 0xff] ^ kSlices[0][word >> 56];
  }
  for (; bytes > 0; --bytes, ++next) crc = (crc >> 8) ^ kSlices[0][(crc ^ *next) & 0xff];
  return ~crc;
}

}  // namespace waldo
