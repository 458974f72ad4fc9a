// One life of the ring: from open until the power fails, or until it is closed or left as it is.
#pragma once

#include <memory>
#include <string>

#include "model.h"
#include "scenario.h"
#include "support/sim_file_system.h"

namespace waldo::crash {

// Opens, appends, moves the cursor, closes; keeps the model. What is wrong, or "".
std::string live(SimFileSystem& fs, const Scenario& scenario, Model* model, SimRng& rng);

// Appends one group of the scenario's frames.
Status append_group(Ring& ring, const Scenario& scenario, Model* model, SimRng& rng);

}  // namespace waldo::crash
