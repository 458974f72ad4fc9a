// Following a writer whose head and files may say anything, and may say something else the next moment. A reader
// fails with an error, or what it shows is linked; and it never waits for good.
#include <atomic>

#include "support/edits.h"
#include "support/fuzz_ring.h"
#include "support/require.h"
#include "support/target.h"

namespace waldo::fuzz {

namespace {

// Bits of an input's mode.
enum Mode : uint8_t { kVerify = 1, kMakeCursor = 2, kWriterDies = 4, kInsists = 8 };

constexpr int kMostSteps = 6;

void check_failure(const Status& status) {
  const Error& error = status.error();
  const bool expected = error.code == Code::kCorrupt || error.code == Code::kVersion ||
                        error.code == Code::kNotFound || error.code == Code::kTrimmed ||
                        error.code == Code::kLocked || error.code == Code::kClosed;
  FUZZ_REQUIRE(expected, error.message);
}

void look(FuzzRing& ring, uint8_t mode) {
  (void)ring.read_all();
  if ((mode & kVerify) == 0) return;
  VerifyReport report;
  const Status verified = ring.ring().verify(&report);
  if (!verified.ok()) check_failure(verified);
}

// Made while the ring's writer is dead, whatever it said before: then nobody gives up anything.
void make_cursor(FuzzRing& ring, MemoryFiles& files) {
  files.set_locked(false);
  const bool hold = true;
  CursorState state;
  const Status made = ring.ring().open_cursor("fuzz", &hold, ring.ring().bounds().after, &state);
  if (!made.ok()) return check_failure(made);
  ring.ring().cursors().close("fuzz");
}

}  // namespace

void run(const uint8_t* data, size_t bytes) {
  static auto* const files = new MemoryFiles;
  static const std::atomic<bool> given_up{true};
  Edits edits(data, bytes, *files);
  const uint8_t mode = edits.mode();
  files->set_locked(true);
  if (!edits.next()) return;
  RingOptions options = small_ring();
  options.read_only = true;
  options.cancelled = &given_up;  // one attempt, instead of waiting for a writer that is not there
  FuzzRing ring(*files);
  const Status opened = ring.open(options);
  if (!opened.ok()) return check_failure(opened);
  look(ring, mode);
  for (int step = 0; step < kMostSteps && edits.next(); ++step) {
    if ((mode & kWriterDies) != 0 && step == 1) files->set_locked(false);
    const Status refreshed = ring.ring().refresh((mode & kInsists) != 0 ? Ring::kRefreshAttempts : 2);
    if (!refreshed.ok()) check_failure(refreshed);
    look(ring, mode);
  }
  if ((mode & kMakeCursor) != 0) make_cursor(ring, *files);
}

size_t mutate(uint8_t* data, size_t bytes, size_t max_bytes, unsigned seed) {
  return mutate_edits(data, bytes, max_bytes, seed);
}

}  // namespace waldo::fuzz
