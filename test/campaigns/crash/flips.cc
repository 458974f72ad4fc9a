#include "flips.h"

#include "check.h"
#include "life.h"
#include "support/ring_driver.h"

namespace waldo::crash {

namespace {

Scenario flipped_ring() {
  Scenario scenario;
  scenario.options = test::small_ring();
  scenario.options.ring_size = 2;
  scenario.options.background = false;
  scenario.most_bytes = 400;
  scenario.most_logs = 12;
  scenario.most_frames = 3;
  return scenario;
}

// Frames up to the end of the newest page, or nearly, in the fourth lap; closed cleanly.
std::string build(SimFileSystem& fs, const Scenario& scenario, Model* model, Bounds* bounds) {
  SimRng rng(1);
  bool created = false;
  std::unique_ptr<Ring> ring;
  Status status = fs.make_directory("/data", 0700, &created);
  if (status.ok()) status = Ring::open(fs, kDirectory, scenario.options, &ring);
  while (status.ok() && (model->newest_page < 7 || model->extents[1] < 60 * 1024))
    status = append_group(*ring, scenario, model, rng);
  if (status.ok()) *bounds = ring->bounds();
  if (status.ok()) status = ring->close();
  return status.ok() ? "" : status.error().message;
}

// A bit that some frame's checksum covers; the others have a second copy, or come after the end.
bool lies_in_a_frame(const std::string& path, uint64_t offset, const Model& model) {
  for (uint32_t slot = 0; slot < model.extents.size(); ++slot) {
    if (path == std::string(kDirectory) + "/" + page_file_name(slot))
      return offset >= kPageDataOffset && offset < kPageDataOffset + model.extents[slot];
  }
  return false;
}

// What opening and reading everything comes to.
std::string look(SimFileSystem& fs, const Scenario& scenario, const Model& model, const Bounds& whole,
                 bool* refused) {
  std::unique_ptr<Ring> ring;
  Status status = Ring::open(fs, kDirectory, scenario.options, &ring);
  std::string wrong;
  if (status.ok()) {
    const Bounds bounds = ring->bounds();
    if (bounds.tip != whole.tip || bounds.after != whole.after) return "the ring shows other bounds";
    wrong = check_logs(*ring, model, &status);
  }
  if (status.ok()) return wrong;
  *refused = status.error().code == Code::kCorrupt || status.error().code == Code::kVersion;
  return *refused ? "" : status.error().message;
}

}  // namespace

std::string flip_bits(uint64_t first, uint64_t of, FlipCounts* counts) {
  Scenario scenario = flipped_ring();
  SimFileSystem fs;
  Model model;
  Bounds bounds;
  std::string wrong = build(fs, scenario, &model, &bounds);
  if (!wrong.empty()) return "the ring cannot be made: " + wrong;
  scenario.options.read_only = true;  // changes nothing: each flip is undone by another
  uint64_t bit = first;
  for (const std::string& path : fs.files()) {
    if (path.find("LOCK") != std::string::npos) continue;
    const uint64_t bits = fs.file_bytes(path).size() * 8;
    for (; bit < bits; bit += of) {
      fs.flip_bit(path, bit);
      bool refused = false;
      wrong = look(fs, scenario, model, bounds, &refused);
      if (wrong.empty() && !refused && lies_in_a_frame(path, bit / 8, model)) wrong = "nothing notices";
      if (!wrong.empty()) return path + ", bit " + std::to_string(bit) + ": " + wrong;
      fs.flip_bit(path, bit);
      counts->flips += 1;
      counts->refused += refused;
    }
    bit -= bits;
  }
  return "";
}

}  // namespace waldo::crash
