// Block-level replay: lives of a ring are recorded as the device saw them, then cut anywhere, and what a
// power loss may have left is mounted and opened. The next life begins with such an image, so that recoveries
// are cut too.
#include <algorithm>

#include "cells.h"
#include "crash_images.h"
#include "failure.h"
#include "life.h"
#include "volume.h"

namespace waldo::test {

namespace {

constexpr int kLives = 3;
constexpr uint64_t kImagesALife = 40;

struct Figures {
  uint64_t images = 0;
  uint64_t chains = 0;
  uint64_t requests = 0;         // recorded
  uint64_t refused = 0;          // by the filesystem, and made anew
  uint64_t volatile_images = 0;  // with writes that no flush had covered
};

class Replay {
 public:
  explicit Replay(const CellOptions& options)
      : options_(options), volume_(options.home, options.filesystem), device_(volume_.device()) {}

  CellResult run() {
    CellResult result;
    while (figures_.images < options_.count && result.violation.empty()) {
      seed_ = options_.seed + figures_.chains++;
      try {
        result.violation = chain();
      } catch (const MountRefused& refused) {
        result.violation = refused.what();
      }
      if (result.violation.empty()) continue;
      const std::string file = "waldo-" + options_.filesystem + "-" + std::to_string(seed_) + ".img";
      device_.save(file);
      result.violation += " (seed " + std::to_string(seed_) + ", the disk is in " + file +
                          ")\nrepeat: " + options_.program + " replay --fs " + options_.filesystem +
                          " --seed " + std::to_string(seed_) + " --count " +
                          std::to_string(kLives * kImagesALife);
    }
    result.figures = std::to_string(figures_.images) + " images of " + std::to_string(figures_.chains) +
                     " chains, " + std::to_string(figures_.requests) + " requests recorded, " +
                     std::to_string(figures_.volatile_images) + " images with writes not flushed, " +
                     std::to_string(figures_.refused) + " made anew since the filesystem refused them";
    return result;
  }

 private:
  LifeOptions draw_options(SimRng& rng) const {
    LifeOptions options;
    options.ring = ring_;
    options.ring.direct = rng.one_in(2) ? DirectIo::kOn : DirectIo::kOff;
    options.cursor_every = ring_.dsync ? 5 : 0;
    return options;
  }

  // Lives that follow one another, each cut in many places.
  std::string chain() {
    SimRng rng(seed_);
    ring_ = small_ring();
    for (uint8_t& byte : ring_.ring_id) byte = static_cast<uint8_t>(rng());
    ring_.alignment = rng.one_in(2) ? 512 : 0;
    ring_.dsync = !rng.one_in(8);
    volume_.format();
    Expected expected;
    for (int number = 0; number < kLives && figures_.images < options_.count; ++number) {
      LifeOptions options = draw_options(rng);
      options.groups = rng.below(400);
      Life life(volume_.ring(), options, expected, &device_);
      device_.start_recording();
      volume_.mount();
      std::string wrong = life.run(rng);
      volume_.unmount();
      device_.stop_recording();
      if (!wrong.empty()) return "life " + std::to_string(number) + ": " + wrong;
      figures_.requests += device_.record_count();
      wrong = cut(life, rng, &expected);
      if (!wrong.empty()) return "life " + std::to_string(number) + ", " + wrong;
    }
    return "";
  }

  // Leaves the last image in the device, and what is expected of it.
  std::string cut(const Life& life, SimRng& rng, Expected* expected) {
    const uint64_t all = device_.record_count();
    // The beginning, where the ring is made or recovered, is short, so that it is chosen more often.
    const uint64_t end = rng.one_in(2) ? all : rng.between(0, all);
    std::vector<uint64_t> cuts;
    for (uint64_t i = 0; i < kImagesALife; ++i) {
      uint64_t at = rng.between(0, end);
      // Just before a flush there is the most to lose.
      const bool before_flush = !rng.one_in(4);
      while (before_flush && at < all && device_.record(at).kind == DeviceRecord::kWrite) ++at;
      cuts.push_back(at);
    }
    std::sort(cuts.begin(), cuts.end());
    for (uint64_t at : cuts) {
      const CrashImage image = mount_image(at, life, rng);
      const std::string wrong = look_at(life.expected_after(image.promised), rng);
      if (!wrong.empty()) {
        return "cut after request " + std::to_string(at) + " of " + std::to_string(all) + ": " + wrong;
      }
      figures_.images += 1;
      if (image.unflushed > 0) figures_.volatile_images += 1;
    }
    const CrashImage image = make_crash_image(device_, cuts.back(), life.promised(), kLargeSector, rng);
    *expected = life.expected_after(image.promised);
    return "";
  }

  // Mounting replays the filesystem's journal. ext4's superblock has 1,024 bytes and one checksum, so that
  // ext4 refuses one that was torn between them; then the image is made of whole blocks.
  CrashImage mount_image(uint64_t at, const Life& life, SimRng& rng) {
    const CrashImage image = make_crash_image(device_, at, life.promised(), kSector, rng);
    try {
      volume_.mount();
      return image;
    } catch (const MountRefused&) {
      figures_.refused += 1;
    }
    const CrashImage whole = make_crash_image(device_, at, life.promised(), kLargeSector, rng);
    volume_.mount();
    return whole;
  }

  // Recovers the ring, appends, and opens it once more.
  std::string look_at(Expected expected, SimRng& rng) {
    for (int opens = 0; opens < 2; ++opens) {
      if (opens > 0 && rng.one_in(4)) {
        volume_.unmount();
        volume_.mount();
      }
      LifeOptions options = draw_options(rng);
      options.groups = rng.below(4);
      Life life(volume_.ring(), options, expected, &device_);
      const std::string wrong = life.run(rng);
      if (!wrong.empty()) return (opens == 0 ? "" : "opened again: ") + wrong;
      expected = life.expected_after();
    }
    volume_.unmount();
    return "";
  }

  const CellOptions& options_;
  Volume volume_;
  BlockDevice& device_;
  uint64_t seed_ = 0;
  RingOptions ring_;
  Figures figures_;
};

}  // namespace

CellResult replay(const CellOptions& options) { return Replay(options).run(); }

}  // namespace waldo::test
