// The process that survives: it keeps the list of what a ring's writers submitted and what was acknowledged to
// them, and kills them. It has one thread and never opens the ring.
#pragma once

#include <csignal>
#include <string>

#include "life.h"

namespace waldo::kill {

// Shared by the keepers' processes and the one that adds them up.
struct Totals {
  uint64_t rings = 0;
  uint64_t kills = 0;
  uint64_t ends = 0;                  // lives that closed the ring before they could be killed
  uint64_t logs = 0;                  // acknowledged
  uint64_t turns = 0;                 // of pages
  uint64_t voided = 0;                // logs submitted that a kill took with it
  uint64_t disk = 0;                  // of the kills, those on the disk
  uint64_t phases[Report::kKinds]{};  // of the kills, by what the writer was doing: the report before that

  void add(const Totals& other);
};

class Keeper {
 public:
  // `stopped` ends the work early.
  Keeper(const RingPlan& plan, std::string directory, uint64_t seed, const volatile sig_atomic_t& stopped,
         Totals* totals, char* why);

  // Kills until the plan's or the given number is reached. False: something was wrong, `why` says what.
  bool run(uint64_t kills);

  uint64_t lives() const { return kept_.submitted.attempt; }
  const Moment& moment() const { return moment_; }

 private:
  bool one_life();
  void follow(pid_t writer, int reports);
  bool judge(int status);

  const RingPlan plan_;
  const std::string directory_;
  SimRng rng_;
  const volatile sig_atomic_t& stopped_;
  Totals* const totals_;
  char* const why_;
  Kept kept_;
  Moment moment_;
  Report last_;           // of the life that ended last
  uint64_t turns_ = 0;    // of pages, in that life
  bool turning_ = false;  // it had told that it would turn a page, and not yet that it had
};

}  // namespace waldo::kill
