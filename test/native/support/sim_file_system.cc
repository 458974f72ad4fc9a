#include "sim_file_system.h"

#include <cerrno>

#include "sim_state.h"

namespace waldo {

using State = SimFileSystem::State;

namespace {

std::string without_slash(const std::string& path) {
  return path.size() > 1 && path.back() == '/' ? path.substr(0, path.size() - 1) : path;
}

class SimLock final : public Lock {
 public:
  SimLock(std::shared_ptr<State> state, SimNodePtr node) : state_(std::move(state)), node_(std::move(node)) {}
  ~SimLock() override {
    std::lock_guard<std::mutex> guard(state_->mutex);
    state_->locks.erase(node_.get());
  }

 private:
  std::shared_ptr<State> state_;
  SimNodePtr node_;
};

Status locked(const std::string& path, const std::string& holder) {
  Error error;
  error.code = Code::kLocked;
  error.holder = holder;
  error.message = sim_parent(path) + " is locked by " + holder;
  return Status(std::move(error));
}

}  // namespace

// --- the machine -----------------------------------------------------------------------------------------

SimFileSystem::SimFileSystem(uint64_t seed) : state_(std::make_shared<State>()) {
  state_->rng = SimRng(seed);
  state_->probe.direct = true;
  state_->probe.alignment = kSectorBytes;
  state_->probe.type = "sim";
}

SimFileSystem::SimFileSystem(std::shared_ptr<State> state) : state_(std::move(state)) {}

SimFileSystem::~SimFileSystem() = default;

void SimFileSystem::set_crash_after(uint64_t operations) {
  std::lock_guard<std::mutex> guard(state_->mutex);
  state_->crash_in = operations;
}

bool SimFileSystem::crashed() const {
  std::lock_guard<std::mutex> guard(state_->mutex);
  return state_->crashed;
}

void SimFileSystem::inject(const SimFault& fault) {
  std::lock_guard<std::mutex> guard(state_->mutex);
  state_->faults.push_back(fault);
}

void SimFileSystem::clear_faults() {
  std::lock_guard<std::mutex> guard(state_->mutex);
  state_->faults.clear();
}

void SimFileSystem::set_probe(const Probe& probe) {
  std::lock_guard<std::mutex> guard(state_->mutex);
  state_->probe = probe;
}

void SimFileSystem::set_tells_holes(bool tells) {
  std::lock_guard<std::mutex> guard(state_->mutex);
  state_->tells_holes = tells;
}

void SimFileSystem::set_hook(std::function<void(SimOperation, const std::string&)> hook) {
  std::lock_guard<std::mutex> guard(state_->mutex);
  state_->hook = std::move(hook);
}

uint64_t SimFileSystem::changes() const {
  std::lock_guard<std::mutex> guard(state_->mutex);
  return state_->changes;
}

uint64_t SimFileSystem::count(uint32_t operations) const {
  std::lock_guard<std::mutex> guard(state_->mutex);
  uint64_t total = 0;
  for (const auto& [operation, calls] : state_->counts) total += (operation & operations) != 0 ? calls : 0;
  return total;
}

std::vector<std::string> SimFileSystem::files() const {
  std::lock_guard<std::mutex> guard(state_->mutex);
  std::vector<std::string> paths;
  for (const auto& [path, node] : state_->names) {
    if (!node->directory) paths.push_back(path);
  }
  return paths;
}

std::vector<uint8_t> SimFileSystem::file_bytes(const std::string& path) const {
  std::lock_guard<std::mutex> guard(state_->mutex);
  const SimNodePtr* const node = state_->find(path);
  if (node == nullptr) return {};
  std::vector<uint8_t> bytes((*node)->size);
  (*node)->cache.read(0, bytes.data(), bytes.size());
  return bytes;
}

void SimFileSystem::overwrite(const std::string& path, uint64_t offset, const void* data, uint64_t bytes) {
  std::lock_guard<std::mutex> guard(state_->mutex);
  const SimNodePtr* const node = state_->find(path);
  if (node == nullptr) return;
  (*node)->store(offset, static_cast<const uint8_t*>(data), bytes);
  (*node)->settle(offset, bytes);
}

void SimFileSystem::flip_bit(const std::string& path, uint64_t bit) {
  uint8_t byte = 0;
  {
    std::lock_guard<std::mutex> guard(state_->mutex);
    const SimNodePtr* const node = state_->find(path);
    if (node == nullptr || bit / 8 >= (*node)->size) return;
    (*node)->cache.read(bit / 8, &byte, 1);
  }
  byte = static_cast<uint8_t>(byte ^ (1u << (bit % 8)));
  overwrite(path, bit / 8, &byte, 1);
}

void SimFileSystem::install(const std::string& path, const std::vector<uint8_t>& bytes) {
  std::lock_guard<std::mutex> guard(state_->mutex);
  for (std::string parent = sim_parent(path); !sim_is_root(parent); parent = sim_parent(parent)) {
    SimNodePtr& directory = state_->names[parent];
    if (directory == nullptr) directory = std::make_shared<SimNode>();
    directory->directory = true;
    state_->durable_names[parent] = directory;
  }
  const auto node = std::make_shared<SimNode>();
  node->store(0, bytes.data(), bytes.size());
  node->sync();
  node->medium = node->cache;
  state_->names[path] = node;
  state_->durable_names[path] = node;
}

// --- FileSystem ------------------------------------------------------------------------------------------

Status SimFileSystem::open(const std::string& path, const OpenFlags& flags, std::unique_ptr<File>* file) {
  const SimOperation operation = flags.create ? kSimCreate : kSimOpen;
  state_->call_hook(operation, path);
  std::lock_guard<std::mutex> guard(state_->mutex);
  State::Verdict verdict;
  WALDO_TRY(state_->begin(operation, "open", path, &verdict));
  if (verdict.fault && verdict.fault->sys_errno != 0) {
    return Status::io(verdict.fault->sys_errno, "open", path);
  }
  const SimNodePtr* const found = state_->find(path);
  SimNodePtr node;
  if (flags.create) {
    if (found != nullptr) return Status::io(EEXIST, "open", path);
    WALDO_TRY(state_->find_parent("open", path));
    node = std::make_shared<SimNode>();
    if (verdict.crash) state_->in_flight.name_change = SimNameChange{"", path, node};
    if (verdict.crash) return sim_lost_power("open", path);
    state_->change_names({"", path, node});
  } else {
    if (found == nullptr) return Status::io(sim_is_root(path) ? EISDIR : ENOENT, "open", path);
    if ((*found)->directory) return Status::io(EISDIR, "open", path);
    node = *found;
  }
  if (flags.direct && !state_->probe.direct) return Status::io(EINVAL, "open", path);
  *file = make_sim_file(state_, node, path, flags);
  return Status();
}

Status SimFileSystem::make_directory(const std::string& slashed, uint32_t, bool* created) {
  const std::string path = without_slash(slashed);
  *created = false;
  state_->call_hook(kSimMakeDirectory, path);
  std::lock_guard<std::mutex> guard(state_->mutex);
  const SimNodePtr* const found = state_->find(path);
  const bool exists = sim_is_root(path) || found != nullptr;
  State::Verdict verdict;
  // Only asking for a directory that is there changes nothing, and is no point to crash at.
  WALDO_TRY(state_->begin(exists ? kSimInspect : kSimMakeDirectory, "mkdir", path, &verdict));
  if (verdict.fault) {
    return verdict.fault->sys_errno == 0 ? Status() : Status::io(verdict.fault->sys_errno, "mkdir", path);
  }
  if (exists) return found == nullptr || (*found)->directory ? Status() : Status::io(ENOTDIR, "mkdir", path);
  WALDO_TRY(state_->find_parent("mkdir", path));
  const auto node = std::make_shared<SimNode>();
  node->directory = true;
  if (verdict.crash) {
    state_->in_flight.name_change = SimNameChange{"", path, node};
    return sim_lost_power("mkdir", path);
  }
  state_->change_names({"", path, node});
  *created = true;
  return Status();
}

Status SimFileSystem::list(const std::string& slashed, std::vector<std::string>* names) {
  const std::string directory = without_slash(slashed);
  names->clear();
  state_->call_hook(kSimList, directory);
  std::lock_guard<std::mutex> guard(state_->mutex);
  bool done = false;
  Status status = state_->begin_simple(kSimList, "opendir", directory, &done);
  if (done) return status;
  const SimNodePtr* const node = state_->find(directory);
  if (node == nullptr && !sim_is_root(directory)) return Status::io(ENOENT, "opendir", directory);
  if (node != nullptr && !(*node)->directory) return Status::io(ENOTDIR, "opendir", directory);
  for (const auto& entry : state_->names) {
    if (sim_parent(entry.first) == directory) {
      names->push_back(entry.first.substr(entry.first.rfind('/') + 1));
    }
  }
  return Status();
}

Status SimFileSystem::rename(const std::string& from, const std::string& to) {
  state_->call_hook(kSimRename, from);
  std::lock_guard<std::mutex> guard(state_->mutex);
  State::Verdict verdict;
  WALDO_TRY(state_->begin(kSimRename, "rename", from, &verdict));
  if (verdict.fault) {
    return verdict.fault->sys_errno == 0 ? Status() : Status::io(verdict.fault->sys_errno, "rename", from);
  }
  const SimNodePtr* const node = state_->find(from);
  if (node == nullptr) return Status::io(ENOENT, "rename", from);
  const SimNodePtr* const target = state_->find(to);
  if ((*node)->directory || (target != nullptr && (*target)->directory)) {
    return Status::io(EISDIR, "rename", from);
  }
  WALDO_TRY(state_->find_parent("rename", to));
  const SimNameChange change{from, to, *node};
  if (verdict.crash) {
    state_->in_flight.name_change = change;
    return sim_lost_power("rename", from);
  }
  state_->change_names(change);
  return Status();
}

Status SimFileSystem::remove(const std::string& path) {
  state_->call_hook(kSimRemove, path);
  std::lock_guard<std::mutex> guard(state_->mutex);
  State::Verdict verdict;
  WALDO_TRY(state_->begin(kSimRemove, "unlink", path, &verdict));
  if (verdict.fault) {
    return verdict.fault->sys_errno == 0 ? Status() : Status::io(verdict.fault->sys_errno, "unlink", path);
  }
  const SimNodePtr* const node = state_->find(path);
  if (node != nullptr && (*node)->directory) return Status::io(EISDIR, "unlink", path);
  const SimNameChange change{path, "", nullptr};
  if (verdict.crash) {
    if (node != nullptr) state_->in_flight.name_change = change;
    return sim_lost_power("unlink", path);
  }
  if (node != nullptr) state_->change_names(change);
  return Status();
}

Status SimFileSystem::sync_directory(const std::string& slashed) {
  const std::string path = without_slash(slashed);
  state_->call_hook(kSimSyncDirectory, path);
  std::lock_guard<std::mutex> guard(state_->mutex);
  bool done = false;
  Status status = state_->begin_simple(kSimSyncDirectory, "fsync", path, &done);
  if (done) return status;
  const SimNodePtr* const node = state_->find(path);
  if (node == nullptr && !sim_is_root(path)) return Status::io(ENOENT, "open", path);
  if (node != nullptr && !(*node)->directory) return Status::io(ENOTDIR, "open", path);
  std::vector<SimNameChange> elsewhere;
  for (const SimNameChange& change : state_->name_changes) {
    if (sim_parent(change.to.empty() ? change.from : change.to) == path) {
      change.apply(&state_->durable_names);
    } else {
      elsewhere.push_back(change);
    }
  }
  state_->name_changes = std::move(elsewhere);
  return Status();
}

Status SimFileSystem::probe(const std::string& directory, uint32_t, Probe* probe) {
  state_->call_hook(kSimInspect, directory);
  std::lock_guard<std::mutex> guard(state_->mutex);
  bool done = false;
  Status status = state_->begin_simple(kSimInspect, "fstatfs", directory, &done);
  if (done) return status;
  *probe = state_->probe;
  return Status();
}

Status SimFileSystem::lock(const std::string& path, uint32_t, const std::string& description,
                           std::unique_ptr<Lock>* lock) {
  state_->call_hook(kSimLock, path);
  std::lock_guard<std::mutex> guard(state_->mutex);
  bool done = false;
  Status status = state_->begin_simple(kSimLock, "flock", path, &done);
  if (done) return status;
  if (state_->find(path) == nullptr) {
    WALDO_TRY(state_->find_parent("open", path));
    state_->change_names({"", path, std::make_shared<SimNode>()});
  }
  const SimNodePtr node = *state_->find(path);
  const auto held = state_->locks.find(node.get());
  if (held != state_->locks.end()) return locked(path, held->second);
  state_->locks.emplace(node.get(), description);
  *lock = std::make_unique<SimLock>(state_, node);
  return Status();
}

Status SimFileSystem::check_unlocked(const std::string& path) {
  state_->call_hook(kSimLock, path);
  std::lock_guard<std::mutex> guard(state_->mutex);
  bool done = false;
  Status status = state_->begin_simple(kSimLock, "flock", path, &done);
  if (done) return status;
  const SimNodePtr* const node = state_->find(path);
  if (node == nullptr) return Status();
  const auto held = state_->locks.find(node->get());
  return held == state_->locks.end() ? Status() : locked(path, held->second);
}

Status SimFileSystem::random(void* buffer, size_t bytes) {
  state_->call_hook(kSimRandom, "entropy");
  std::lock_guard<std::mutex> guard(state_->mutex);
  bool done = false;
  Status status = state_->begin_simple(kSimRandom, "getentropy", "entropy", &done);
  if (done) return status;
  auto* const out = static_cast<uint8_t*>(buffer);
  for (size_t i = 0; i < bytes; ++i) out[i] = static_cast<uint8_t>(state_->rng());
  return Status();
}

Status make_durable_directory(SimFileSystem& fs, const std::string& path) {
  bool created = false;
  WALDO_TRY(fs.make_directory(path, 0700, &created));
  return fs.sync_directory(path[0] == '/' ? "/" : ".");
}

}  // namespace waldo
