// Writes or flushes fail with EIO from some moment on, for a while or for good, while a ring is made,
// appended to, or recovered. It latches failed, acknowledges nothing more, and once the device works again
// everything acknowledged is there.
#include "cells.h"
#include "failure.h"
#include "life.h"
#include "volume.h"

namespace waldo::test {

namespace {

struct Figures {
  uint64_t cases = 0;
  uint64_t latched = 0;   // an append or a cursor's commit failed
  uint64_t refused = 0;   // open failed
  uint64_t unharmed = 0;  // what failed was none of the ring's
};

class DeviceErrors {
 public:
  explicit DeviceErrors(const CellOptions& options)
      : options_(options), volume_(options.home, options.filesystem), device_(volume_.device()) {}

  CellResult run() {
    CellResult result;
    while (figures_.cases < options_.count && result.violation.empty()) {
      const uint64_t seed = options_.seed + figures_.cases++;
      // Buffered and direct in turn, so that both have their share of few.
      result.violation = one(seed, figures_.cases % 2 == 0 ? DirectIo::kOn : DirectIo::kOff);
      if (result.violation.empty()) continue;
      result.violation += " (seed " + std::to_string(seed) + ")\nrepeat: " + options_.program +
                          " errors --fs " + options_.filesystem + " --seed " + std::to_string(options_.seed) +
                          " --count " + std::to_string(figures_.cases);
    }
    result.figures = std::to_string(figures_.cases) + " seeds, " + std::to_string(figures_.latched) +
                     " latched, " + std::to_string(figures_.refused) + " not opened, " +
                     std::to_string(figures_.unharmed) + " unharmed";
    if (result.violation.empty() && figures_.cases >= kEnough && figures_.latched == 0)
      result.violation = "no error reached the ring";
    return result;
  }

 private:
  static constexpr uint64_t kEnough = 10;

  std::string one(uint64_t seed, DirectIo direct) {
    SimRng rng(seed);
    LifeOptions options;
    options.ring = small_ring();
    options.ring.alignment = 0;
    options.ring.direct = direct;
    options.cursor_every = 5;
    options.groups = rng.below(200);
    volume_.format();
    volume_.mount();
    Expected expected;
    const bool from_the_start = rng.one_in(3);
    if (!from_the_start) {
      Life before(volume_.ring(), options, expected, &device_);
      const std::string wrong = before.run(rng);
      if (!wrong.empty()) return "before the error: " + wrong;
      expected = before.expected_after();
    }
    const uint32_t faults = rng.one_in(4)   ? kFailFlushes
                            : rng.one_in(2) ? kFailWrites
                                            : kFailWrites | kFailFlushes;
    device_.fail(faults, rng.below(rng.one_in(2) ? 20 : 400), rng.one_in(2) ? UINT64_MAX : rng.between(1, 3));
    options.groups = 300;
    Life life(volume_.ring(), options, expected, &device_);
    std::string wrong = life.run(rng, true);
    if (!wrong.empty()) return "while writes fail: " + wrong;
    device_.heal();
    count(life);
    Expected after = life.expected_after();
    options.groups = 10;
    if (rng.one_in(2)) {
      // The page cache may still show what never reached the device.
      Life reopened(volume_.ring(), options, after, &device_);
      wrong = reopened.run(rng, true);
      if (!wrong.empty()) return "reopened at once: " + wrong;
      after = reopened.expected_after();
    }
    volume_.unmount();
    volume_.mount();
    Life remounted(volume_.ring(), options, after, &device_);
    wrong = remounted.run(rng);
    volume_.unmount();
    const std::string cause = life.failure() ? " (" + life.failure()->message + ")" : "";
    return wrong.empty() ? "" : "mounted again: " + wrong + cause;
  }

  void count(const Life& life) {
    if (!life.failure()) {
      figures_.unharmed += 1;
    } else if (life.opened()) {
      figures_.latched += 1;
    } else {
      figures_.refused += 1;
    }
  }

  const CellOptions& options_;
  Volume volume_;
  BlockDevice& device_;
  Figures figures_;
};

}  // namespace

CellResult device_errors(const CellOptions& options) { return DeviceErrors(options).run(); }

}  // namespace waldo::test
