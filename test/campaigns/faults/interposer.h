// Stands between a program and the system: counts the calls that it makes on the files of one directory, and makes
// one of them fail. Part of waldo_faults, and a library to be preloaded into Node.js (see interposer.cc).
#pragma once

#include <cstddef>
#include <cstdint>

namespace waldo::faults {

enum class Outcome : int {
  kCount,       // nothing fails
  kError,       // the call is not made
  kShort,       // a read or write moves fewer bytes; any other call is made as it is
  kKillBefore,  // the process dies instead of making the call
  kKillAfter,   // the process dies when the call was made
};

struct Plan {
  Outcome outcome = Outcome::kCount;
  uint64_t index = 0;  // of the call, counted from arming
  bool for_good = false;
  int error = 0;
  size_t bytes = 0;  // that a short transfer moves, at the least one and never all
};

struct Made {
  const char* name = "";
  char path[128] = "";
};

// Counts calls on `directory` and whatever lies in it, those of every thread. Returns when it is in force.
void interposer_arm(const char* directory, const Plan& plan);
// From now on `refuses` is asked before memory is mapped that belongs to no file; null: it is given.
void interposer_refuse_memory(bool (*refuses)());
// Lets everything pass again; descriptors stay known.
void interposer_disarm();
uint64_t interposer_count();
// The calls since arming, `most` at the most. Returns how many there are.
size_t interposer_calls(const Made** calls);

}  // namespace waldo::faults
