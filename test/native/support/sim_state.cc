#include "sim_state.h"

#include <cerrno>

namespace waldo {

using State = SimFileSystem::State;

bool sim_is_root(const std::string& path) { return path.empty() || path == "." || path == "/"; }

std::string sim_parent(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Status sim_lost_power(const char* syscall, const std::string& path) {
  Error error = Status::io(EIO, syscall, path).error();
  error.message = std::string(syscall) + " failed on " + path + ": simulated power loss (EIO)";
  return Status(std::move(error));
}

namespace {

bool matches(const SimFault& fault, SimOperation operation, const std::string& path) {
  return (fault.operations & operation) != 0 && path.find(fault.path_contains) != std::string::npos;
}

}  // namespace

Status State::begin(SimOperation operation, const char* syscall, const std::string& path, Verdict* verdict) {
  if (crashed) return sim_lost_power(syscall, path);
  ++counts[operation];
  if ((operation & kSimChanging) != 0) {
    if (crash_in && *crash_in == 0) {
      crashed = true;
      verdict->crash = true;
      return Status();
    }
    if (crash_in) --*crash_in;
    ++changes;
  }
  for (auto fault = faults.begin(); fault != faults.end(); ++fault) {
    if (!matches(*fault, operation, path)) continue;
    if (fault->skip > 0) {
      --fault->skip;
      continue;
    }
    verdict->fault = *fault;
    if (!fault->for_good) faults.erase(fault);
    return Status();
  }
  return Status();
}

Status State::begin_simple(SimOperation operation, const char* syscall, const std::string& path, bool* done) {
  Verdict verdict;
  Status status = begin(operation, syscall, path, &verdict);
  *done = !status.ok() || verdict.crash || verdict.fault.has_value();
  if (!status.ok()) return status;
  if (verdict.crash) return sim_lost_power(syscall, path);
  if (verdict.fault && verdict.fault->sys_errno != 0) {
    return Status::io(verdict.fault->sys_errno, syscall, path);
  }
  return Status();
}

void State::call_hook(SimOperation operation, const std::string& path) {
  std::function<void(SimOperation, const std::string&)> now;
  {
    std::lock_guard<std::mutex> guard(mutex);
    now = hook;
  }
  if (now) now(operation, path);
}

const SimNodePtr* State::find(const std::string& path) const {
  const auto entry = names.find(path);
  return entry == names.end() ? nullptr : &entry->second;
}

Status State::find_parent(const char* syscall, const std::string& path) const {
  const std::string parent = sim_parent(path);
  if (sim_is_root(parent)) return Status();
  const SimNodePtr* const node = find(parent);
  if (node == nullptr) return Status::io(ENOENT, syscall, path);
  return (*node)->directory ? Status() : Status::io(ENOTDIR, syscall, path);
}

void State::change_names(SimNameChange change) {
  change.apply(&names);
  name_changes.push_back(std::move(change));
}

std::shared_ptr<State> State::copy() const {
  std::map<const SimNode*, SimNodePtr> copies;
  const auto copied = [&copies](const SimNodePtr& node) {
    if (node == nullptr) return SimNodePtr();
    SimNodePtr& slot = copies[node.get()];
    if (slot == nullptr) slot = std::make_shared<SimNode>(*node);
    return slot;
  };
  auto out = std::make_shared<State>();
  out->rng = rng;
  for (const auto& [path, node] : names) out->names[path] = copied(node);
  for (const auto& [path, node] : durable_names) out->durable_names[path] = copied(node);
  for (const SimNameChange& change : name_changes) {
    out->name_changes.push_back({change.from, change.to, copied(change.node)});
  }
  out->probe = probe;
  out->tells_holes = tells_holes;
  out->counts = counts;
  out->changes = changes;
  out->crashed = crashed;
  out->in_flight = in_flight;
  out->in_flight.node = copied(in_flight.node);
  if (in_flight.name_change) out->in_flight.name_change->node = copied(in_flight.name_change->node);
  return out;
}

}  // namespace waldo
