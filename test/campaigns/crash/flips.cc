#include "flips.h"

#include "check.h"
#include "life.h"

namespace waldo::crash {

namespace {

Scenario flipped_ring() {
  Scenario scenario;
  RingOptions& options = scenario.options;
  options.ring_size = 2;
  options.file_capacity = kMinFileCapacity;
  options.index_capacity = 129;
  options.index_spacing = {1024, 16};
  options.buf_capacity = 16 * 1024;
  options.alignment = 512;
  options.holder = "the campaign";
  options.background = false;
  for (size_t i = 0; i < options.ring_id.size(); ++i) options.ring_id[i] = static_cast<uint8_t>(i + 1);
  scenario.most_bytes = 400;
  scenario.most_logs = 12;
  scenario.most_frames = 3;
  return scenario;
}

// Frames up to the end of the newest page, or nearly, in the fourth lap; closed cleanly.
std::string build(SimFileSystem& fs, const Scenario& scenario, Model* model) {
  SimRng rng(1);
  bool created = false;
  std::unique_ptr<Ring> ring;
  Status status = fs.make_directory("/data", 0700, &created);
  if (status.ok()) status = Ring::open(fs, kDirectory, scenario.options, &ring);
  while (status.ok() && (model->newest_page < 7 || model->extents[1] < 60 * 1024))
    status = append_group(*ring, scenario, model, rng);
  if (status.ok()) status = ring->close();
  return status.ok() ? "" : status.error().message;
}

// What opening and reading everything comes to.
std::string look(SimFileSystem& fs, const Scenario& scenario, const Model& model, uint64_t after,
                 bool* refused) {
  std::unique_ptr<Ring> ring;
  Status status = Ring::open(fs, kDirectory, scenario.options, &ring);
  std::string wrong;
  if (status.ok()) {
    const Bounds bounds = ring->bounds();
    if (bounds.tip != model.last() || bounds.after != after) return "the ring shows other bounds";
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
  std::string wrong = build(fs, scenario, &model);
  if (!wrong.empty()) return "the ring cannot be made: " + wrong;
  const uint64_t after = model.latest_trim;
  scenario.options.read_only = true;  // changes nothing: each flip is undone by another
  uint64_t bit = first;
  for (const std::string& path : fs.files()) {
    if (path.find("LOCK") != std::string::npos) continue;
    const uint64_t bits = fs.file_bytes(path).size() * 8;
    for (; bit < bits; bit += of) {
      fs.flip_bit(path, bit);
      bool refused = false;
      wrong = look(fs, scenario, model, after, &refused);
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
