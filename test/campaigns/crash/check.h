// What a ring shows after a crash, held against the model.
#pragma once

#include <memory>
#include <string>

#include "model.h"
#include "ring.h"
#include "scenario.h"
#include "support/sim_file_system.h"

namespace waldo::crash {

// Each returns what is wrong, or "".

// Nothing acknowledged is missing at the end, nothing that was not submitted is there, and no page was given up too
// soon.
std::string check_bounds(const Bounds& bounds, const Model& model, const Scenario& scenario);
// Every log from the trim point to the tip is there, linked, with its bytes. *status tells a read that failed.
std::string check_logs(Ring& ring, const Model& model, Status* status);
std::string check_cursor(Ring& ring, const Model& model, const Scenario& scenario);

struct ImageCounts {
  uint64_t images = 0;         // recovered
  uint64_t interrupted = 0;    // of them, by a crash during recovery
  uint64_t killed = 0;         // of them, left by a killed process
  uint64_t damaged = 0;        // of them, with damage to acknowledged sectors
  uint64_t refused = 0;        // of those
  uint64_t residue = 0;        // damage to the newest group, which nothing witnessed: taken for a torn write
  uint64_t void_salvaged = 0;  // logs that were never acknowledged, back by lost writes, and salvaged
  uint64_t histories = 0;
};

// Recovers the image, perhaps after crashes in the middle of that, and looks at everything in it.
std::string check_image(std::unique_ptr<SimFileSystem> image, const Scenario& scenario, const Model& model,
                        SimRng& rng, ImageCounts* counts);

// Damages one place of the image: it must be healed or refused. `earlier` is the same machine at an earlier time.
std::string check_damaged_image(std::unique_ptr<SimFileSystem> image, const SimFileSystem& earlier,
                                const Scenario& scenario, const Model& model, SimRng& rng,
                                ImageCounts* counts);

}  // namespace waldo::crash
