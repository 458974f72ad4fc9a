// Damage to sectors that were durable: flipped bits, writes that the disk lost, writes that went elsewhere.
#include <algorithm>
#include <cstring>

#include "check.h"

namespace waldo::crash {

namespace {

constexpr uint64_t kSector = SimFileSystem::kSectorBytes;

struct Place {
  std::string path;
  uint64_t offset = 0;  // of a sector
};

Place draw_place(const Scenario& scenario, const Model& model, SimRng& rng) {
  const auto slot = static_cast<uint32_t>(rng.below(scenario.options.ring_size));
  const std::string page = std::string(kDirectory) + "/" + page_file_name(slot);
  const uint64_t frames = slot < model.extents.size() ? model.extents[slot] : 0;
  switch (rng.below(8)) {
    case 0:
      return {page, rng.below(kPageHeaderCopies) * kPageHeaderCopyStride};
    case 1:
      return {page, kPageDataOffset + scenario.options.file_capacity + rng.below(4) * kSector};
    case 2:
      return {std::string(kDirectory) + "/RING", rng.below(kSuperblockCopies) * kSuperblockCopyStride};
    default:
      return {page, kPageDataOffset + rng.below(frames / kSector + 1) * kSector};
  }
}

std::array<uint8_t, kSector> sector_of(const SimFileSystem& fs, const Place& place) {
  std::array<uint8_t, kSector> sector{};
  const std::vector<uint8_t> bytes = fs.file_bytes(place.path);
  if (place.offset < bytes.size())
    std::memcpy(sector.data(), bytes.data() + place.offset, std::min(kSector, bytes.size() - place.offset));
  return sector;
}

void replace(SimFileSystem& fs, const Place& place, const std::array<uint8_t, kSector>& sector) {
  if (fs.file_bytes(place.path).size() >= place.offset + kSector)
    fs.overwrite(place.path, place.offset, sector.data(), kSector);
}

// What was done, for messages; *writes_lost: something durable is as it was before.
std::string damage(SimFileSystem& image, const SimFileSystem& earlier, const Scenario& scenario,
                   const Model& model, SimRng& rng, bool* writes_lost) {
  const Place place = draw_place(scenario, model, rng);
  const std::string where = place.path + " at " + std::to_string(place.offset);
  const auto before = sector_of(image, place);
  const uint64_t kind = rng.below(3);
  *writes_lost = kind != 0;
  switch (kind) {
    case 0: {
      auto rotten = before;
      for (uint64_t i = rng.between(1, 3); i > 0; --i)
        rotten[rng.below(kSector)] ^= static_cast<uint8_t>(1u << rng.below(8));
      replace(image, place, rotten);
      return "bits flipped in " + where;
    }
    case 1:
      replace(image, place, sector_of(earlier, place));
      return "writes lost to " + where;
    default: {
      // Into another file: two places of one page would be two losses, of which one may hide the other.
      const Place elsewhere = draw_place(scenario, model, rng);
      if (elsewhere.path == place.path) return "nothing";
      replace(image, elsewhere, before);
      replace(image, place, sector_of(earlier, place));
      return "a write to " + where + " went to " + elsewhere.path + " at " + std::to_string(elsewhere.offset);
    }
  }
}

bool is(const SubmittedLog& log, const LogHeader& header, const char* data) {
  return log.seq_no == header.seq_no && log.payload.compare(0, std::string::npos, data, header.length) == 0;
}

bool was_submitted(const Model& model, const LogHeader& header, const char* data) {
  const size_t index = model.after(header.seq_no - 1);
  return index < model.logs.size() && is(model.logs[index], header, data);
}

bool was_voided(const Model& model, const LogHeader& header, const char* data) {
  return std::any_of(model.voided.begin(), model.voided.end(),
                     [&](const SubmittedLog& log) { return is(log, header, data); });
}

// Everything that can be read after a salvage was submitted, in order, and what is missing is told. Where `writes_lost`,
// a void frame may be back that is shorter than the lost one: nothing on the disk contradicts it.
std::string check_salvage(SimFileSystem& image, const Scenario& scenario, const Model& model,
                          bool writes_lost, ImageCounts* counts) {
  RingOptions options = scenario.options;
  options.salvage = true;
  std::unique_ptr<Ring> ring;
  const Status status = Ring::open(image, kDirectory, options, &ring);
  if (!status.ok()) {
    // One copy torn by the crash, the other one damaged: there is no ring without a superblock.
    const bool both = status.error().path == std::string(kDirectory) + "/RING";
    return both ? "" : "salvage failed: " + status.error().message;
  }
  const auto slabs = SlabPool::create(64 * 1024, 2, false);
  uint64_t after = ring->bounds().after;
  for (;;) {
    ReadChunk chunk;
    const Status read = ring->read(after, 64 * 1024, *slabs, &chunk);
    if (!read.ok()) {
      // Lost logs are passed over, each range once.
      if (read.error().code != Code::kCorrupt || !read.error().lost || read.error().lost->last <= after)
        return "after salvage, logs after " + std::to_string(after) + ": " + read.error().message;
      after = read.error().lost->last;
      continue;
    }
    if (!chunk.slab) return "";
    size_t at = chunk.start;
    for (uint32_t i = 0; i < chunk.count; ++i) {
      const auto header = load<LogHeader>(chunk.slab->data() + at);
      const char* data = reinterpret_cast<const char*>(chunk.slab->data() + at + sizeof(header));
      if (!was_submitted(model, header, data)) {
        if (!writes_lost || !was_voided(model, header, data))
          return "salvaged log " + std::to_string(header.seq_no) + " was not submitted";
        counts->void_salvaged += 1;
      }
      at += log_stride(header.length);
    }
    after = chunk.last_seq_no;
  }
}

}  // namespace

std::string check_damaged_image(std::unique_ptr<SimFileSystem> image, const SimFileSystem& earlier,
                                const Scenario& scenario, const Model& model, SimRng& rng,
                                ImageCounts* counts) {
  counts->images += 1;
  counts->damaged += 1;
  bool writes_lost = false;
  const std::string done = damage(*image, earlier, scenario, model, rng, &writes_lost);
  const auto explain = [&done](const std::string& wrong) { return wrong.empty() ? "" : done + ": " + wrong; };
  std::unique_ptr<Ring> ring;
  const auto before = rng.one_in(4) ? image->clone() : nullptr;
  const Status status = Ring::open(*image, kDirectory, scenario.options, &ring);
  if (!status.ok()) {
    if (status.error().code != Code::kCorrupt)
      return explain("refused with another error than corruption: " + status.error().message);
    counts->refused += 1;
    return before ? explain(check_salvage(*before, scenario, model, writes_lost, counts)) : "";
  }
  Model kept = model;
  if (ring->bounds().tip < model.acknowledged) {
    if (ring->bounds().tip < model.witnessed)
      return explain("durable up to " + std::to_string(model.witnessed) + " says the disk, recovered up to " +
                     std::to_string(ring->bounds().tip));
    counts->residue += 1;
    kept.acknowledged = ring->bounds().tip;
    kept.truncate(kept.acknowledged);
  }
  const std::string wrong = check_bounds(ring->bounds(), kept, scenario);
  if (!wrong.empty()) return explain(wrong);
  Status read;
  const std::string shown = check_logs(*ring, kept, &read);
  if (!read.ok() && read.error().code == Code::kCorrupt) {
    counts->refused += 1;
    return "";
  }
  return explain(shown);
}

}  // namespace waldo::crash
