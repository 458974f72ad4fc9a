// What kind of ring a history is about, drawn from its seed.
#pragma once

#include <cstdint>

#include "model.h"
#include "ring.h"
#include "support/sim_rng.h"

namespace waldo::crash {

constexpr char kDirectory[] = "/data/ring";
constexpr char kCursor[] = "c";

struct Scenario {
  RingOptions options;
  bool cursor = false;
  bool hold = false;          // the cursor holds pages, and the ring honours that
  uint32_t equal_bytes = 0;   // every payload is so long, every frame alike; 0: any length
  uint32_t most_bytes = 0;    // of a payload
  uint32_t most_logs = 0;     // a frame
  uint32_t most_frames = 0;   // a group
  uint32_t most_groups = 0;   // a life
  uint64_t most_skipped = 0;  // numbers between two logs
  uint64_t first_seq_no = 1;  // of the ring

  bool dsync() const { return options.dsync; }
};

Scenario draw_scenario(SimRng& rng);

// The payload of a log: as good as random, and another one for each attempt.
std::string payload_of(uint64_t seq_no, uint32_t attempt, uint64_t bytes);

}  // namespace waldo::crash
