// Opening a ring whose files may hold anything: read-only, as the writer, and with salvage. An open refuses, or what
// it shows is linked, stays so after appends, and is the same when it is opened again.
#include "support/edits.h"
#include "support/fuzz_ring.h"
#include "support/require.h"
#include "support/target.h"

namespace waldo::fuzz {

namespace {

// Bits of an input's mode.
enum Mode : uint8_t { kReadOnly = 1, kSalvage = 2, kBuffered = 4, kAppend = 8, kVerify = 16 };

RingOptions options_of(uint8_t mode) {
  RingOptions options = small_ring();
  options.read_only = (mode & kReadOnly) != 0;
  options.salvage = (mode & kSalvage) != 0;
  return options;
}

// What may come of an open.
void check_refusal(const Status& status) {
  const Error& error = status.error();
  const bool no_space = error.code == Code::kIo && error.sys_errno == ENOSPC;
  const bool expected = error.code == Code::kCorrupt || error.code == Code::kVersion ||
                        error.code == Code::kNotFound || error.code == Code::kExceedsLimit ||
                        error.code == Code::kOption || no_space;
  FUZZ_REQUIRE(expected, error.message);
}

// Of what a ring that opened may not do after all: a forged generation or epoch may be the last one.
bool cannot_go_on(const Status& status) {
  if (status.ok()) return false;
  const Error& error = status.error();
  return error.code == Code::kExceedsLimit || (error.code == Code::kIo && error.sys_errno == ENOSPC);
}

void check_verified(FuzzRing& ring, const Seen& seen) {
  VerifyReport report;
  const Status verified = ring.ring().verify(&report);
  FUZZ_REQUIRE(verified.ok(), verified.error().message);
  bool problems = false;
  for (const Problem& problem : report.problems) problems = problems || problem.kind != "healed";
  FUZZ_REQUIRE(problems || seen.gaps == 0, "reading found damage that verifying did not: " + seen.first_gap);
}

// False if the input leaves no room, or no number, for what is appended.
bool append(FuzzRing& ring) {
  for (uint32_t i = 0; i < 3; ++i) {
    const uint64_t tip = ring.ring().bounds().tip;
    if (tip > kMaxSeqNo - 8) return false;
    const Status appended = ring.append(2, 700 * i);
    if (cannot_go_on(appended)) return false;
    FUZZ_REQUIRE(appended.ok(), appended.error().message);
    FUZZ_REQUIRE(ring.ring().bounds().tip == tip + 2, "what was appended is not there");
  }
  return true;
}

// What a writer has shown, and closed, is there when it is opened again, without salvage. Where forged checksums were
// salvaged, pages may go on contradicting one another: then what is shown has to be linked, as ever.
void check_reopens(FuzzRing& ring, uint8_t mode, bool forged) {
  const Seen before = ring.read_all();
  const Bounds bounds = ring.ring().bounds();
  if (!ring.ring().failure().ok()) return;
  const Status closed = ring.ring().close();
  if (cannot_go_on(closed)) return;
  FUZZ_REQUIRE(closed.ok(), closed.error().message);
  const bool may_differ = forged && (mode & kSalvage) != 0;
  const Status opened = ring.open(options_of(may_differ ? mode : 0));
  if (cannot_go_on(opened)) return;
  FUZZ_REQUIRE(opened.ok(), "a ring that was open a moment ago: " + opened.error().message);
  const Seen after = ring.read_all();
  if (may_differ) return;
  FUZZ_REQUIRE(ring.ring().bounds().tip == bounds.tip && ring.ring().bounds().after == bounds.after,
               "other bounds when opened again");
  FUZZ_REQUIRE(after.digest == before.digest && after.logs == before.logs, "other logs when opened again");
}

}  // namespace

void run(const uint8_t* data, size_t bytes) {
  static auto* const files = new MemoryFiles;
  Edits edits(data, bytes, *files);
  const uint8_t mode = edits.mode();
  files->set_direct((mode & kBuffered) == 0);
  if (!edits.next()) return;
  // What a head may do to those who follow it is the business of fuzz_follow.
  (void)files->remove(std::string(kDirectory) + "/head");
  FuzzRing ring(*files);
  const Status opened = ring.open(options_of(mode));
  if (!opened.ok()) return check_refusal(opened);
  const Seen seen = ring.read_all();
  const bool contradicts = edits.forged() && (mode & kSalvage) != 0;  // see check_reopens
  FUZZ_REQUIRE(contradicts || seen.last == ring.ring().bounds().tip,
               "reading ends at " + std::to_string(seen.last) + ", the tip is " +
                   std::to_string(ring.ring().bounds().tip));
  if ((mode & kVerify) != 0) check_verified(ring, seen);
  if ((mode & kReadOnly) != 0) return;
  if ((mode & kAppend) != 0 && !append(ring)) return;
  check_reopens(ring, mode, edits.forged());
}

size_t mutate(uint8_t* data, size_t bytes, size_t max_bytes, unsigned seed) {
  return mutate_edits(data, bytes, max_bytes, seed);
}

}  // namespace waldo::fuzz
