// A small deterministic generator (SplitMix64), the same on every platform: a seed names one run for good.
#pragma once

#include <cstdint>
#include <limits>

namespace waldo {

class SimRng {
 public:
  using result_type = uint64_t;

  explicit SimRng(uint64_t seed) : state_(seed) {}

  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return std::numeric_limits<uint64_t>::max(); }

  uint64_t operator()() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // 0 … bound − 1; 0 if bound is 0.
  uint64_t below(uint64_t bound) { return bound == 0 ? 0 : (*this)() % bound; }
  // lowest … highest, both included.
  uint64_t between(uint64_t lowest, uint64_t highest) { return lowest + below(highest - lowest + 1); }
  bool one_in(uint64_t n) { return below(n) == 0; }

 private:
  uint64_t state_;
};

}  // namespace waldo
