// One life of a ring on a mounted filesystem, from open to close, and what it must find.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "block_device.h"
#include "support/ring_driver.h"
#include "support/sim_rng.h"

namespace waldo::test {

// What a life may find that comes after others.
struct Expected {
  Submitted submitted;       // `acknowledged` is what must be there at least
  uint64_t after = 0;        // no log after this one may have been trimmed
  uint64_t cursor = 0;       // the durable cursor is there, or later …
  uint64_t cursor_last = 0;  // … but not past this
};

struct LifeOptions {
  RingOptions ring;
  uint64_t groups = 0;  // to append
  uint64_t cursor_every = 0;
};

class Life {
 public:
  // `device`: told what has been acknowledged.
  Life(const std::string& directory, LifeOptions options, Expected expected, BlockDevice* device);

  // "" or what is wrong. With `may_fail`, any error but corruption ends the life without being wrong.
  std::string run(SimRng& rng, bool may_fail = false);
  bool opened() const { return opened_; }
  // The first error, if something failed.
  const std::optional<Error>& failure() const { return failure_; }

  // What a life must find after this one, if the power failed at a moment when so much had been promised.
  Expected expected_after(const Marks& promised) const;
  // If it failed at the end.
  Expected expected_after() const { return expected_after(promised_); }
  const Marks& promised() const { return promised_; }

 private:
  std::string look(RingDriver& ring);
  std::string look_at_cursor(RingDriver& ring);
  std::string append(RingDriver& ring, SimRng& rng);
  void promise(RingDriver& ring);
  std::string failed(const char* what, const Status& status);

  const std::string directory_;
  const LifeOptions options_;
  const Expected expected_;
  BlockDevice* const device_;
  Submitted submitted_;
  bool may_fail_ = false;
  bool opened_ = false;
  std::optional<Error> failure_;
  Marks promised_;
  uint64_t cursor_last_;
  // How far the ring was trimmed when so much was acknowledged.
  struct Trim {
    uint64_t acknowledged, after;
  };
  std::vector<Trim> trims_;
};

}  // namespace waldo::test
