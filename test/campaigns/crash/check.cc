#include "check.h"

#include <cstring>

namespace waldo::crash {

namespace {

std::string text(uint64_t number) { return std::to_string(number); }

// Compares a chunk's logs with the model's from *next on.
std::string compare(const ReadChunk& chunk, const Model& model, size_t* next) {
  size_t at = chunk.start;
  for (uint32_t i = 0; i < chunk.count; ++i, ++*next) {
    const uint8_t* const log = chunk.slab->data() + at;
    const auto header = load<LogHeader>(log);
    if (*next >= model.logs.size()) return "log " + text(header.seq_no) + " was not submitted";
    const SubmittedLog& expected = model.logs[*next];
    if (header.seq_no != expected.seq_no || header.prev_seq_no != expected.prev_seq_no)
      return "log " + text(header.seq_no) + " after " + text(header.prev_seq_no) + " is where " +
             text(expected.seq_no) + " after " + text(expected.prev_seq_no) + " must be";
    if (header.length != expected.payload.size() ||
        std::memcmp(log + sizeof(header), expected.payload.data(), header.length) != 0)
      return "log " + text(header.seq_no) + " has other bytes than were submitted last";
    if (log_crc(log) != header.crc) return "log " + text(header.seq_no) + " has a wrong checksum";
    at += log_stride(header.length);
  }
  return at == chunk.end ? "" : "a chunk does not end with its last log";
}

}  // namespace

std::string check_bounds(const Bounds& bounds, const Model& model, const Scenario& scenario) {
  if (bounds.tip < model.acknowledged)
    return "acknowledged up to " + text(model.acknowledged) + ", recovered up to " + text(bounds.tip);
  if (bounds.tip > model.last())
    return "submitted up to " + text(model.last()) + ", recovered up to " + text(bounds.tip);
  if (bounds.after > model.latest_trim && !bounds.empty)
    return "logs after " + text(model.latest_trim) + " must be there, recovered are those after " +
           text(bounds.after);
  if (scenario.hold && model.cursor_there && bounds.after > model.cursor_asked)
    return "a cursor holds the logs after " + text(model.cursor) + ", recovered are those after " +
           text(bounds.after);
  return "";
}

std::string check_logs(Ring& ring, const Model& model, Status* status) {
  static thread_local const auto slabs = SlabPool::create(64 * 1024, 4, false);
  const Bounds bounds = ring.bounds();
  size_t next = model.after(bounds.after);
  uint64_t after = bounds.after;
  for (;;) {
    ReadChunk chunk;
    *status = ring.read(after, 64 * 1024, *slabs, &chunk);
    if (!status->ok()) return "logs after " + text(after) + " cannot be read: " + status->error().message;
    if (!chunk.slab) break;
    const std::string wrong = compare(chunk, model, &next);
    if (!wrong.empty()) return wrong;
    after = chunk.last_seq_no;
  }
  return after == bounds.tip ? "" : "the logs end at " + text(after) + ", the tip is " + text(bounds.tip);
}

std::string check_cursor(Ring& ring, const Model& model, const Scenario& scenario) {
  if (!scenario.cursor) return "";
  std::vector<CursorState> states;
  const Status listed = ring.cursors().list(&states);
  if (!listed.ok()) return "the cursors cannot be listed: " + listed.error().message;
  if (states.empty()) return model.cursor_there ? "the cursor is gone" : "";
  const CursorState& state = states[0];
  if (states.size() > 1 || state.name != kCursor) return "there is a cursor that nobody made";
  if (state.damaged || state.foreign) return "the cursor is damaged";
  if (state.position < model.cursor || state.position > model.cursor_asked)
    return "the cursor was committed at " + text(model.cursor) + ", it is at " + text(state.position);
  if (state.hold != scenario.hold) return "the cursor no longer knows whether it holds";
  return "";
}

namespace {

std::string look(Ring& ring, const Scenario& scenario, const Model& model) {
  std::string wrong = check_bounds(ring.bounds(), model, scenario);
  if (!wrong.empty()) return wrong;
  Status status;
  wrong = check_logs(ring, model, &status);
  return wrong.empty() ? check_cursor(ring, model, scenario) : wrong;
}

// What a recovery has shown stays, whatever happens next.
std::string recover_again(const SimFileSystem& image, Ring& first, const Scenario& scenario,
                          const Model& model, SimRng& rng) {
  const auto later = rng.one_in(2) ? image.crash_image(rng) : image.kill_image(rng);
  std::unique_ptr<Ring> ring;
  const Status status = Ring::open(*later, kDirectory, scenario.options, &ring);
  if (!status.ok()) return "a second recovery failed: " + status.error().message;
  if (ring->bounds().tip != first.bounds().tip || ring->bounds().after != first.bounds().after)
    return "recovered were logs after " + text(first.bounds().after) + " up to " + text(first.bounds().tip) +
           ", then those after " + text(ring->bounds().after) + " up to " + text(ring->bounds().tip);
  const std::string wrong = look(*ring, scenario, model);
  return wrong.empty() ? "" : "after a second recovery, " + wrong;
}

std::string verify(Ring& ring) {
  VerifyReport report;
  const Status status = ring.verify(&report);
  if (!status.ok()) return "verification failed: " + status.error().message;
  for (const Problem& problem : report.problems) {
    if (problem.kind != "healed") return "verification finds " + problem.message;
  }
  return "";
}

}  // namespace

std::string check_image(std::unique_ptr<SimFileSystem> image, const Scenario& scenario, const Model& model,
                        SimRng& rng, ImageCounts* counts) {
  std::unique_ptr<Ring> ring;
  for (int crashes = 0; crashes < 3 && rng.one_in(8); ++crashes) {
    image->set_crash_after(rng.below(24));
    const Status status = Ring::open(*image, kDirectory, scenario.options, &ring);
    if (!status.ok() && !image->crashed()) return "recovery failed: " + status.error().message;
    ring.reset();
    image = rng.one_in(2) ? image->crash_image(rng) : image->kill_image(rng);
    counts->images += 1;
    counts->interrupted += 1;
  }
  counts->images += 1;
  const Status status = Ring::open(*image, kDirectory, scenario.options, &ring);
  if (!status.ok()) return "recovery failed: " + status.error().message;
  std::string wrong = look(*ring, scenario, model);
  if (wrong.empty() && rng.one_in(16)) {
    counts->images += 1;
    wrong = recover_again(*image, *ring, scenario, model, rng);
  }
  if (wrong.empty() && rng.one_in(32)) wrong = verify(*ring);
  return wrong;
}

}  // namespace waldo::crash
