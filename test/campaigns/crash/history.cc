#include "history.h"

#include "life.h"

namespace waldo::crash {

std::string run_history(uint64_t seed, uint32_t images_a_crash, ImageCounts* counts) {
  constexpr int kCrashes = 8;
  SimRng rng(seed);
  const Scenario scenario = draw_scenario(rng);
  auto fs = std::make_unique<SimFileSystem>(seed);
  if (!make_durable_directory(*fs, "/data").ok()) return "the simulated machine does not work";
  Model model;
  auto earlier = fs->clone();
  counts->histories += 1;
  for (int crash = 0; crash < kCrashes; ++crash) {
    const bool creating = crash == 0 && rng.one_in(4);
    // The first life makes some laps; later ones end anywhere, often in recovery.
    fs->set_crash_after(creating ? rng.below(30) : crash == 0 ? rng.between(60, 200) : rng.below(90));
    std::string wrong = live(*fs, scenario, &model, rng);
    const auto name = [&](const std::string& what) { return "crash " + std::to_string(crash) + ": " + what; };
    if (!wrong.empty()) return name(wrong);
    for (uint32_t i = 0; i < images_a_crash; ++i) {
      const bool killed = rng.one_in(6);
      auto image = killed ? fs->kill_image(rng) : fs->crash_image(rng);
      counts->killed += killed;
      const bool damaged = rng.one_in(10);
      wrong = damaged ? check_damaged_image(std::move(image), *earlier, scenario, model, rng, counts)
                      : check_image(std::move(image), scenario, model, rng, counts);
      if (!wrong.empty()) return name("image " + std::to_string(i) + ": " + wrong);
    }
    if (rng.one_in(2)) earlier = fs->clone();
    fs = rng.one_in(4) ? fs->kill_image(rng) : fs->crash_image(rng);
  }
  return "";
}

}  // namespace waldo::crash
