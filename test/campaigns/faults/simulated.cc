// Every call of every operation fails on the simulated filesystem, whose images tell what a killed process or a
// power loss leaves behind.
#include <algorithm>
#include <cerrno>

#include "operations.h"
#include "support/sim_file_system.h"
#include "sweep.h"

namespace waldo::faults {

namespace {

constexpr char kDirectory[] = "/data/ring";

// What an operation in a mode begins with.
struct Base {
  std::unique_ptr<SimFileSystem> fs;
  Promises promises;
};

struct Call {
  SimOperation operation;
  std::string path;
};

struct Case {
  uint64_t index = 0;
  SimFault fault;
};

Status new_machine(uint64_t seed, std::unique_ptr<SimFileSystem>* fs) {
  *fs = std::make_unique<SimFileSystem>(seed);
  return make_durable_directory(**fs, "/data");
}

bool left_torn(const SimFileSystem& image, const Mode& mode, Promises promises, bool some_recovered) {
  const auto trial = image.clone();
  Subject subject(*trial, kDirectory, mode, &promises);
  if (!subject.open().ok()) return false;
  const RecoveryReport report = subject.ring().engine().ring().info().recovery;
  return report.torn_bytes > 0 && (!some_recovered || report.rewritten_bytes > 0);
}

bool has_tail_copy(const SimFileSystem& image) {
  return !image.file_bytes(std::string(kDirectory) + "/TAIL").empty();
}

// Draws power losses during the write of a group until one leaves a part of it; if `some_recovered`, with whole frames.
Status tear(const Mode& mode, bool some_recovered, Base* base, SimRng& rng) {
  for (int draw = 0; draw < 1000; ++draw) {
    const auto fs = base->fs->clone();
    Promises promises = base->promises;
    Subject subject(*fs, kDirectory, mode, &promises);
    WALDO_TRY(subject.open());
    fs->set_crash_after(0);
    (void)subject.append_group(4, 8);
    auto image = fs->crash_image(rng);
    if (!left_torn(*image, mode, promises, some_recovered)) continue;
    *base = {std::move(image), promises};
    return Status();
  }
  return Status::make(Code::kInternal, "no power loss left a torn group");
}

// The power fails once more, amid recovery's writes behind the copy of the tail. Where the mode makes none, amid
// recovery all the same.
Status tear_twice(const Mode& mode, Base* base, SimRng& rng) {
  std::vector<Base> found;
  uint64_t changes = 0;
  for (uint64_t after = 0; found.empty() || after < changes; ++after) {
    const auto fs = base->fs->clone();
    fs->set_crash_after(after);
    Promises promises = base->promises;
    Subject subject(*fs, kDirectory, mode, &promises);
    const bool opened = subject.open().ok();
    const auto image = fs->crash_image(rng);
    if (has_tail_copy(*image) || mode.direct == DirectIo::kOn || !mode.dsync)
      found.push_back({image->clone(), promises});
    if (opened) break;
    changes = after + 2;
  }
  if (found.empty()) return Status::make(Code::kInternal, "no power loss left a copy of the tail");
  *base = std::move(found[found.size() / 2]);
  return Status();
}

Status prepare_base(const Mode& mode, Start start, SimRng& rng, Base* base) {
  WALDO_TRY(new_machine(rng(), &base->fs));
  {
    Subject subject(*base->fs, kDirectory, mode, &base->promises);
    WALDO_TRY(build(subject, start));
    base->fs = base->fs->clone();  // as a killed process leaves it
  }
  // Only through the page cache is anything written again.
  const bool copied = start == Start::kTailCopy && mode.direct != DirectIo::kOn && mode.dsync;
  if (start == Start::kTorn || start == Start::kTailCopy) WALDO_TRY(tear(mode, copied, base, rng));
  if (start == Start::kTailCopy) WALDO_TRY(tear_twice(mode, base, rng));
  return Status();
}

const char* name_of(SimOperation operation) {
  switch (operation) {
    case kSimOpen:
      return "open";
    case kSimRead:
      return "read";
    case kSimList:
      return "list";
    case kSimInspect:
      return "inspect";
    case kSimLock:
      return "lock";
    case kSimRandom:
      return "random";
    case kSimCreate:
      return "create";
    case kSimWrite:
      return "write";
    case kSimSync:
      return "sync";
    case kSimAllocate:
      return "allocate";
    case kSimMakeDirectory:
      return "mkdir";
    case kSimRename:
      return "rename";
    case kSimRemove:
      return "remove";
    case kSimSyncDirectory:
      return "sync of directory";
    default:
      return "call";
  }
}

// Everything that may come of one call.
std::vector<SimFault> faults_of(const Call& call) {
  std::vector<int> errors = {EIO, ENOSPC, EINTR, EDQUOT};
  constexpr uint32_t kTakesDescriptor = kSimOpen | kSimCreate | kSimList | kSimLock | kSimSyncDirectory;
  if ((call.operation & kTakesDescriptor) != 0) errors.push_back(EMFILE);
  // A filesystem may reserve blocks that it then has not (btrfs): the engine writes zeros all the same.
  if (call.operation == kSimAllocate) errors.push_back(0);
  constexpr uint64_t kPartial = 700;  // ends within a sector
  std::vector<std::optional<uint64_t>> prefixes = {std::nullopt};
  if (call.operation == kSimWrite) prefixes = {std::nullopt, 0, kPartial, UINT64_MAX};
  std::vector<SimFault> faults;
  for (const int error : errors) {
    for (const auto& prefix : prefixes) {
      for (const bool for_good : {false, true}) {
        SimFault fault;
        fault.operations = kSimAny;
        fault.sys_errno = error;
        fault.prefix = prefix;
        fault.for_good = for_good;
        // A reservation that lies for good is one; everything else that follows it works.
        if (error == 0) fault.operations = kSimAllocate;
        faults.push_back(fault);
      }
    }
  }
  return faults;
}

std::string text_of(const SimFault& fault) {
  std::string text = fault.sys_errno == 0 ? "a lie" : errno_name(fault.sys_errno);
  if (fault.prefix)
    text += *fault.prefix == 0            ? " with nothing written"
            : *fault.prefix == UINT64_MAX ? " with all written"
                                          : " with a part written";
  return text + (fault.for_good ? ", for good" : ", once");
}

class Sweep {
 public:
  Sweep(const Settings& settings, const Mode& mode, const Operation& operation, Figures* figures)
      : settings_(settings),
        mode_(mode),
        operation_(operation),
        figures_(*figures),
        rng_(settings.seed * 0x9e3779b97f4a7c15u +
             std::hash<std::string>{}(mode.name + std::string(operation.name))) {}

  std::string run() {
    const Status made = prepare_base(mode_, operation_.start, rng_, &base_);
    if (!made.ok()) return where() + ": cannot begin: " + made.error().message;
    std::string wrong = record();
    if (!wrong.empty()) return where() + ", without a fault: " + wrong;
    figures_.operations += 1;
    figures_.calls += calls_.size();
    for (uint64_t index = 0; index < calls_.size(); ++index) {
      for (SimFault& fault : faults_of(calls_[index])) {
        const std::string what = where() + ", call " + std::to_string(index) + " of " +
                                 std::to_string(calls_.size()) + " (" + name_of(calls_[index].operation) +
                                 " " + calls_[index].path + "), " + text_of(fault);
        const Watched watched(what);
        figures_.cases += 1;
        wrong = run_case({index, fault});
        if (!wrong.empty()) return what + ": " + wrong;
      }
    }
    return "";
  }

 private:
  std::string where() const { return name_of(operation_, mode_); }

  // Ready to run the operation.
  Status begin(SimFileSystem& fs, Promises* promises, std::unique_ptr<Subject>* subject) const {
    *subject = std::make_unique<Subject>(fs, kDirectory, mode_, promises);
    if (operation_.prepare == nullptr) return Status();
    WALDO_TRY((*subject)->open());
    return operation_.prepare(**subject);
  }

  // Which calls there are, when nothing fails.
  std::string record() {
    const auto fs = base_.fs->clone();
    Promises promises = base_.promises;
    std::unique_ptr<Subject> subject;
    Status status = begin(*fs, &promises, &subject);
    if (!status.ok()) return status.error().message;
    std::mutex mutex;  // pages may be prepared on a thread
    fs->set_hook([&](SimOperation operation, const std::string& path) {
      std::lock_guard<std::mutex> lock(mutex);
      calls_.push_back({operation, path});
    });
    status = operation_.run(*subject);
    fs->set_hook(nullptr);
    if (!status.ok()) return status.error().message;
    return calls_.empty() ? "it makes no call" : subject->check(promises.logs.acknowledged);
  }

  std::string run_case(const Case& c) {
    const auto fs = base_.fs->clone();
    Promises promises = base_.promises;
    std::unique_ptr<Subject> subject;
    Status status = begin(*fs, &promises, &subject);
    if (!status.ok()) return "cannot begin: " + status.error().message;
    SimFault fault = c.fault;
    fault.skip = fault.operations == kSimAny ? c.index : 0;
    fs->inject(fault);
    status = operation_.run(*subject);
    std::string wrong = check_outcome(c, status);
    if (wrong.empty()) wrong = draw_images(*fs, promises);
    if (!wrong.empty()) return wrong;
    if (!fault.for_good) {
      fs->clear_faults();
      wrong = go_on(*subject, status);
      if (wrong.empty()) wrong = draw_images(*fs, promises);
      if (!wrong.empty()) return "and then, " + wrong;
    }
    subject->drop();
    fs->clear_faults();
    wrong = examine(*fs, kDirectory, mode_, promises, promises.logs.acknowledged);
    if (wrong.empty()) wrong = use_again(*fs, kDirectory, mode_, promises);
    return wrong.empty() ? "" : "opened again: " + wrong;
  }

  std::string check_outcome(const Case& c, const Status& status) const {
    if (!status.ok()) {
      const std::string wrong = unclear(status.error());
      if (!wrong.empty()) return wrong;
      if (status.error().sys_errno == c.fault.sys_errno) return "";
      return "failed with another error: " + status.error().message;
    }
    if (c.fault.sys_errno == 0) return "";
    // A page that could not be filled is tried again by whoever needs it; readers look again who holds the lock.
    const Call& call = calls_[c.index];
    const bool again = !c.fault.for_good && (call.operation == kSimLock || fills(call));
    return again || mode_.background ? "" : "the failure was swallowed";
  }

  // Whether the call serves to make a page ready for the log.
  bool fills(const Call& call) const {
    if (!operation_.appends || call.path.find(".page") == std::string::npos) return false;
    if (call.operation == kSimOpen || call.operation == kSimInspect) return true;
    return std::any_of(calls_.begin(), calls_.end(), [&call](const Call& other) {
      return other.operation == kSimCreate && other.path == call.path + ".tmp";
    });
  }

  // Nothing fails any more: what latched stays so, anything else goes on.
  std::string go_on(Subject& subject, const Status& failed) const {
    if (!subject.writable()) return "";
    const uint64_t tip = subject.ring().tip();
    const Status appended = subject.append(2);
    if (!failed.ok() && operation_.appends) {
      if (appended.ok()) return "an append is acknowledged though one before it failed";
      if (appended.error().sys_errno != failed.error().sys_errno)
        return "the latched failure is another one: " + appended.error().message;
      if (subject.ring().tip() != tip) return "the tip moved though an append had failed";
    } else if (!appended.ok()) {
      return "an append fails though nothing is wrong: " + appended.error().message;
    }
    const std::string wrong = subject.check(0);
    return wrong.empty() ? "" : "it reads: " + wrong;
  }

  std::string draw_images(const SimFileSystem& fs, const Promises& promises) {
    for (uint64_t i = 0; i < settings_.images; ++i) {
      figures_.images += 2;
      std::string wrong =
          examine(*fs.kill_image(rng_), kDirectory, mode_, promises, promises.logs.acknowledged);
      if (!wrong.empty()) return "after a kill: " + wrong;
      wrong = examine(*fs.crash_image(rng_), kDirectory, mode_, promises, promises.durable);
      if (!wrong.empty()) return "after a power loss: " + wrong;
    }
    return "";
  }

  const Settings& settings_;
  const Mode& mode_;
  const Operation& operation_;
  Figures& figures_;
  SimRng rng_;
  Base base_;
  std::vector<Call> calls_;
};

const std::vector<Mode>& modes(bool long_form) {
  static const std::vector<Mode> few = {{"direct", true, DirectIo::kOn},
                                        {"buffered", true, DirectIo::kOff},
                                        {"unsynced", false, DirectIo::kOff}};
  static const std::vector<Mode> all = {{"direct", true, DirectIo::kOn},
                                        {"buffered", true, DirectIo::kOff},
                                        {"unsynced", false, DirectIo::kOff},
                                        {"unsynced-direct", false, DirectIo::kOn},
                                        {"direct-background", true, DirectIo::kOn, true},
                                        {"buffered-background", true, DirectIo::kOff, true}};
  return long_form ? all : few;
}

}  // namespace

std::string sweep_simulated(const Settings& settings, Figures* figures) {
  Tasks tasks;
  for (const Operation& operation : operations()) {
    for (const Mode& mode : modes(settings.long_form)) {
      if (!settings.asks_for(name_of(operation, mode))) continue;
      tasks.add([&settings, &operation, &mode](Figures* mine) {
        return Sweep(settings, mode, operation, mine).run();
      });
    }
  }
  return tasks.run(settings.threads, figures);
}

}  // namespace waldo::faults
