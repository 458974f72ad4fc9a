// One life of a writer: what it is to do, when it is to be killed, and what it tells its keeper meanwhile.
#pragma once

#include <cstdint>
#include <string>

#include "support/ring_driver.h"
#include "support/sim_rng.h"

namespace waldo::kill {

// What the writer tells, through a pipe. Shorter than PIPE_BUF, so that a kill leaves whole reports only.
struct Report {
  enum Kind : uint32_t {
    kNothing,
    kOpened,        // and all that was recovered is as it must be: after, last is the tip, cursor
    kSubmit,        // about to submit the logs first … last
    kAcknowledged,  // last is the tip; after and turns as they are now
    kTurning,       // about to submit what does not fit the page any more
    kCursorAsk,     // about to move the cursor to last
    kCursorDone,    // it is there
    kClosing,
    kClosed,
    kKinds,
  };
  Kind kind = kNothing;
  uint32_t turns = 0;  // of pages, in this life
  uint64_t after = 0;
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t cursor = 0;
};

// What the keeper knows of a ring. It lives in a process that is never killed and never opens the ring.
struct Kept {
  test::Submitted submitted;  // which attempt wrote each log; acknowledged
  uint64_t trimmed = 0;       // logs up to this number were overwritten when it was last told
  bool cursor_made = false;
  uint64_t cursor_done = 0;
  uint64_t cursor_asked = 0;
  bool closed = false;  // close() had returned, and no later writer told that it opened the ring
  bool clean = false;   // and none has tried to

  void take(const Report& report);
};

// As a failure names them.
const char* name_of(Report::Kind kind);

// When a writer is killed: `delay_us` after the `count`th report of a kind, or after it was forked.
struct Moment {
  Report::Kind kind = Report::kNothing;
  uint32_t count = 0;
  uint32_t delay_us = 0;
};

Moment draw_moment(SimRng& rng);

// How a ring is opened in all its lives, and how it is written to.
struct RingPlan {
  RingOptions options;
  bool on_disk = false;
  uint32_t kills = 0;  // after which it is done with
  uint32_t max_frames = 3;
  uint32_t max_logs = 11;
  bool large_frames = false;  // now and then one that a thread of its own seals

  std::string describe() const;
};

RingPlan draw_ring(SimRng& rng);

// The writer's process: opens the ring, checks what it recovered against `kept`, then appends until it is
// killed, or closes it and exits. Exits with kWrong, having said why, if something is not as it must be.
constexpr int kWrong = 3;
constexpr size_t kWhyBytes = 4096;

[[noreturn]] void live(const std::string& directory, const RingPlan& plan, const Moment& moment, Kept kept,
                       uint64_t seed, int reports, char* why);

}  // namespace waldo::kill
