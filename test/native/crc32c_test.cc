// The hardware and the portable CRC agree with the published vectors and with each other.
#include "crc32c.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace waldo {
namespace {

std::vector<uint8_t> random_bytes(size_t count, uint32_t seed) {
  std::mt19937 rng(seed);
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng());
  return bytes;
}

void expect_both(const std::vector<uint8_t>& bytes, uint32_t expected) {
  EXPECT_EQ(crc32c(0, bytes.data(), bytes.size()), expected);
  EXPECT_EQ(crc32c_portable(0, bytes.data(), bytes.size()), expected);
}

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  std::vector<uint8_t> bytes(32);
  expect_both(bytes, 0x8a9136aa);
  bytes.assign(32, 0xff);
  expect_both(bytes, 0x62a8ab43);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  expect_both(bytes, 0x46dd794e);
  std::iota(bytes.rbegin(), bytes.rend(), uint8_t{0});
  expect_both(bytes, 0x113fdb5c);
  const std::vector<uint8_t> iscsi_read = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0,
                                           0x14, 0,    0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
                                           0x28, 0,    0, 0, 0, 0, 0, 0, 2, 0, 0, 0,    0, 0, 0, 0};
  expect_both(iscsi_read, 0xd9963a56);
}

TEST(Crc32c, MatchesTheCheckValueAndTheEmptyInput) {
  const std::string check = "123456789";
  expect_both({check.begin(), check.end()}, 0xe3069283);
  expect_both({}, 0);
}

TEST(Crc32c, HardwareEqualsPortableAtEveryLengthAndAlignment) {
  const std::vector<uint8_t> bytes = random_bytes(1200, 1);
  for (size_t offset = 0; offset < 16; ++offset) {
    for (size_t length = 0; length <= 1100; ++length) {
      ASSERT_EQ(crc32c(0, bytes.data() + offset, length), crc32c_portable(0, bytes.data() + offset, length))
          << "offset " << offset << ", length " << length;
    }
  }
}

TEST(Crc32c, HardwareEqualsPortableOnLongInputs) {
  const std::vector<uint8_t> bytes = random_bytes(3 << 20, 2);
  std::mt19937 rng(3);
  for (int i = 0; i < 200; ++i) {
    const size_t offset = rng() % 4096;
    const size_t limit = i % 2 == 0 ? 16384 : bytes.size() - offset;
    const size_t length = rng() % limit;
    const auto seed = static_cast<uint32_t>(rng());
    ASSERT_EQ(crc32c(seed, bytes.data() + offset, length),
              crc32c_portable(seed, bytes.data() + offset, length))
        << "offset " << offset << ", length " << length;
  }
}

TEST(Crc32c, IncrementalEqualsWhole) {
  const std::vector<uint8_t> bytes = random_bytes(20000, 4);
  const uint32_t whole = crc32c(0, bytes.data(), bytes.size());
  std::mt19937 rng(5);
  for (int i = 0; i < 500; ++i) {
    uint32_t crc = 0;
    size_t done = 0;
    while (done < bytes.size()) {
      const size_t part = std::min<size_t>(rng() % 4000, bytes.size() - done);
      crc = i % 2 == 0 ? crc32c(crc, bytes.data() + done, part)
                       : crc32c_portable(crc, bytes.data() + done, part);
      done += part;
    }
    ASSERT_EQ(crc, whole);
  }
}

// What crc32c_nested promises, put together from single CRCs.
void expect_nested(uint32_t outer, const std::vector<uint8_t>& head, const uint8_t* data, size_t bytes) {
  uint32_t inner = crc32c_portable(0, head.data(), head.size());
  inner = crc32c_portable(inner, data, bytes);
  std::vector<uint8_t> record = head;
  for (int shift = 0; shift < 32; shift += 8) record.push_back(static_cast<uint8_t>(inner >> shift));
  record.insert(record.end(), data, data + bytes);
  while (record.size() % 8 != 0) record.push_back(0);
  const NestedCrc nested = crc32c_nested(outer, head.data(), data, bytes);
  ASSERT_EQ(nested.inner, inner) << bytes << " bytes";
  ASSERT_EQ(nested.outer, crc32c_portable(outer, record.data(), record.size())) << bytes << " bytes";
}

TEST(Crc32c, NestedEqualsTwoSingleOnes) {
  const std::vector<uint8_t> head = random_bytes(kNestedHeadBytes, 6);
  std::mt19937 rng(7);
  std::vector<size_t> lengths(5000);
  std::iota(lengths.begin(), lengths.end(), size_t{0});
  for (const size_t limit : {65536u, 1u << 20}) {
    for (int i = 0; i < 40; ++i) lengths.push_back(rng() % limit);
    for (size_t less = 0; less < 10; ++less) lengths.push_back(limit - less);
  }
  // As long as logs get, and longer than any table.
  for (const size_t more : {1, 7, 8, 9, 2048, 100000}) lengths.push_back((1u << 20) + more);
  for (const size_t bytes : lengths) {
    std::vector<uint8_t> data = random_bytes(bytes, 8);
    data.resize((bytes + 7) / 8 * 8);
    expect_nested(static_cast<uint32_t>(rng()), head, data.data(), bytes);
  }
}

TEST(Crc32c, NamesItsImplementation) {
  const std::string name = crc32c_implementation();
  EXPECT_TRUE(name == "sse4.2" || name == "armv8" || name == "portable") << name;
}

}  // namespace
}  // namespace waldo
