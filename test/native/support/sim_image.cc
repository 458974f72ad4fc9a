// What is left of a simulated machine: clones, power losses and killed processes.
#include <cstdint>

#include "sim_state.h"

namespace waldo {

using State = SimFileSystem::State;

namespace {

// Which of several pending things a power loss keeps. One pattern is drawn for all of them, because
// independent coins hardly ever lose just the first or keep just the last.
class Survival {
 public:
  Survival(SimRng& rng, uint64_t count)
      : rng_(rng), pattern_(static_cast<Pattern>(rng.below(kPatterns))), at_(rng.below(count)) {}

  bool next() {
    const uint64_t index = index_++;
    switch (pattern_) {
      case kNone:
        return false;
      case kAll:
        return true;
      case kPrefix:
        return index <= at_;
      case kSuffix:
        return index >= at_;
      case kAllButOne:
        return index != at_;
      case kOnlyOne:
        return index == at_;
      default:
        return rng_.one_in(2);
    }
  }

  // Which version of a surviving sector: mostly the newest, but any may have been the last to arrive.
  size_t version(size_t count) { return pattern_ == kAll || rng_.one_in(2) ? count - 1 : rng_.below(count); }

 private:
  enum Pattern { kNone, kAll, kPrefix, kSuffix, kAllButOne, kOnlyOne, kCoins, kPatterns };

  SimRng& rng_;
  Pattern pattern_;
  uint64_t at_;
  uint64_t index_ = 0;
};

uint64_t surviving_size(const SimNode& node, SimRng& rng) {
  if (node.size <= node.durable_size) return node.durable_size;
  switch (rng.below(3)) {
    case 0:
      return node.durable_size;
    case 1:
      return node.size;
    default:
      return rng.between(node.durable_size, node.size);
  }
}

// A sector that was being written when the power failed: noise, or its old half and its new one.
void garble(SparseBytes* medium, uint64_t sector, const SimNode::Version& newest, SimRng& rng) {
  if (rng.one_in(2)) {
    medium->write(sector * SimNode::kSector, newest.bytes.data(), rng.between(1, SimNode::kSector - 1));
    return;
  }
  std::array<uint8_t, SimNode::kSector> noise;
  for (uint8_t& byte : noise) byte = static_cast<uint8_t>(rng());
  medium->write(sector * SimNode::kSector, noise.data(), noise.size());
}

// What the medium has of a file after a power loss.
SimNodePtr surviving_node(const SimNode& node, SimRng& rng) {
  const auto image = std::make_shared<SimNode>();
  image->directory = node.directory;
  image->medium = node.medium;
  Survival survival(rng, node.pending.size());
  const bool garbles = rng.one_in(4);
  const uint64_t garbled = rng.below(node.pending.size());
  uint64_t index = 0;
  for (const auto& [sector, versions] : node.pending) {
    const bool kept = survival.next();
    if (garbles && index == garbled) {
      garble(&image->medium, sector, versions.back(), rng);
    } else if (kept) {
      image->medium.write(sector * SimNode::kSector, versions[survival.version(versions.size())].bytes.data(),
                          SimNode::kSector);
    }
    ++index;
  }
  image->size = image->durable_size = surviving_size(node, rng);
  image->medium.truncate(image->size);
  image->cache = image->medium;
  return image;
}

void apply_in_flight(State* state) {
  SimInFlight in_flight = std::move(state->in_flight);
  state->in_flight = SimInFlight();
  if (in_flight.node != nullptr) {
    in_flight.node->write(in_flight.offset, in_flight.data.data(), in_flight.data.size());
    in_flight.node->size = std::max(in_flight.node->size, in_flight.grow_to);
  }
  if (in_flight.name_change) state->change_names(*in_flight.name_change);
}

}  // namespace

std::unique_ptr<SimFileSystem> SimFileSystem::clone() const {
  std::lock_guard<std::mutex> guard(state_->mutex);
  return std::unique_ptr<SimFileSystem>(new SimFileSystem(state_->copy()));
}

std::unique_ptr<SimFileSystem> SimFileSystem::crash_image(SimRng& rng) const {
  std::shared_ptr<State> before;
  {
    std::lock_guard<std::mutex> guard(state_->mutex);
    before = state_->copy();
  }
  apply_in_flight(before.get());

  SimNames names = before->durable_names;
  Survival survival(rng, before->name_changes.size());
  for (const SimNameChange& change : before->name_changes) {
    if (survival.next()) change.apply(&names);
  }
  std::unique_ptr<SimFileSystem> image(new SimFileSystem(rng()));
  State& after = *image->state_;
  after.probe = before->probe;
  after.tells_holes = before->tells_holes;
  std::map<const SimNode*, SimNodePtr> survivors;  // two names may have come to mean one file
  for (const auto& [path, node] : names) {
    // Sorted by name, a directory comes before what is in it: no name without all the directories above it.
    if (!sim_is_root(sim_parent(path)) && after.find(sim_parent(path)) == nullptr) continue;
    SimNodePtr& survivor = survivors[node.get()];
    if (survivor == nullptr) survivor = surviving_node(*node, rng);
    after.names[path] = survivor;
  }
  after.durable_names = after.names;
  return image;
}

std::unique_ptr<SimFileSystem> SimFileSystem::kill_image(SimRng& rng) const {
  std::shared_ptr<State> after;
  {
    std::lock_guard<std::mutex> guard(state_->mutex);
    after = state_->copy();
  }
  // A kill cuts a write short between two pages of the cache; anything else happens or does not.
  constexpr uint64_t kCachePage = 4096;
  SimInFlight& in_flight = after->in_flight;
  const uint64_t bytes = in_flight.data.size();
  const uint64_t reached = rng.between(0, (bytes + kCachePage - 1) / kCachePage) * kCachePage;
  if (reached < bytes) in_flight.data.resize(reached);
  if (rng.one_in(2)) in_flight.grow_to = 0;
  if (rng.one_in(2)) in_flight.name_change.reset();
  apply_in_flight(after.get());
  after->crashed = false;
  after->counts.clear();
  after->changes = 0;
  after->rng = SimRng(rng());
  return std::unique_ptr<SimFileSystem>(new SimFileSystem(std::move(after)));
}

}  // namespace waldo
