// Every system call of every operation fails, falls short or is interrupted, on real files.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "interposer.h"
#include "real_ring.h"
#include "sweep.h"

namespace waldo::faults {

namespace {

struct Call {
  std::string name;
  std::string path;

  bool is(std::initializer_list<const char*> names) const {
    return std::any_of(names.begin(), names.end(), [this](const char* other) { return name == other; });
  }
  bool transfers() const { return is({"pread", "pwrite", "pwritev"}); }
  // Those that a signal can interrupt; the engine goes on with them.
  bool interruptible() const {
    return is({"open", "pread", "pwritev", "fdatasync", "fsync", "fallocate", "flock"});
  }
};

std::vector<Plan> plans_of(const Call& call, uint64_t index, bool long_form) {
  std::vector<Plan> plans;
  std::vector<int> errors = {EIO, ENOSPC, EINTR};
  if (long_form) errors.push_back(EDQUOT);
  if (call.is({"open", "opendir"})) errors.push_back(EMFILE);
  for (const int error : errors) {
    for (const bool for_good : {false, true}) {
      // Nothing is interrupted for ever, and whatever goes on after an interruption would do so for ever.
      if (error == EINTR && for_good) continue;
      plans.push_back({Outcome::kError, index, for_good, error, 0});
    }
  }
  if (!call.transfers()) return plans;
  constexpr size_t kHalf = 0;
  for (const size_t bytes : {size_t{1}, size_t{511}, size_t{512}, size_t{4097}, kHalf})
    plans.push_back({Outcome::kShort, index, false, 0, bytes});
  plans.push_back({Outcome::kShort, index, true, 0, kHalf});
  return plans;
}

std::string text_of(const Plan& plan) {
  std::string text =
      plan.outcome == Outcome::kShort
          ? "moving " + (plan.bytes == 0 ? "half of it" : std::to_string(plan.bytes) + " bytes")
          : errno_name(plan.error);
  return text + (plan.for_good ? ", for good" : ", once");
}

class Sweep {
 public:
  Sweep(const Mode& mode, const Operation& operation, const Scratch& scratch, bool long_form,
        Figures* figures)
      : operation_(operation), ring_(mode, operation, scratch), long_form_(long_form), figures_(*figures) {}

  std::string run() {
    const Status made = ring_.make();
    if (!made.ok()) return ring_.name() + ": cannot begin: " + made.error().message;
    std::string wrong = record();
    if (!wrong.empty()) return ring_.name() + ", without a fault: " + wrong;
    figures_.operations += 1;
    figures_.calls += calls_.size();
    for (uint64_t index = 0; index < calls_.size(); ++index) {
      for (const Plan& plan : plans_of(calls_[index], index, long_form_)) {
        const std::string what = ring_.name() + ", call " + std::to_string(index) + " of " +
                                 std::to_string(calls_.size()) + " (" + calls_[index].name + " " +
                                 calls_[index].path + "), " + text_of(plan);
        const Watched watched(what);
        figures_.cases += 1;
        wrong = run_case(plan);
        interposer_disarm();
        if (!wrong.empty()) return what + ": " + wrong;
      }
    }
    return "";
  }

 private:
  // A fresh ring, ready for the operation; from now on its calls are counted.
  Status begin(Promises* promises, std::unique_ptr<Subject>* subject, const Plan& plan) const {
    interposer_arm(ring_.directory().c_str(), Plan());
    WALDO_TRY(ring_.begin(promises, subject));
    interposer_arm(ring_.directory().c_str(), plan);
    return Status();
  }

  std::string record() {
    Promises promises = ring_.promises();
    std::unique_ptr<Subject> subject;
    Status status = begin(&promises, &subject, Plan());
    if (status.ok()) status = operation_.run(*subject);
    interposer_disarm();
    if (!status.ok()) return status.error().message;
    const Made* made = nullptr;
    const size_t count = interposer_calls(&made);
    for (size_t i = 0; i < count; ++i) calls_.push_back({made[i].name, made[i].path});
    return "";
  }

  std::string run_case(const Plan& plan) {
    Promises promises = ring_.promises();
    std::unique_ptr<Subject> subject;
    Status status = begin(&promises, &subject, plan);
    if (!status.ok()) return "cannot begin: " + status.error().message;
    status = operation_.run(*subject);
    std::string wrong = check_outcome(plan, status);
    if (wrong.empty() && !plan.for_good) {
      interposer_disarm();
      wrong = go_on(*subject, status);
    }
    if (!wrong.empty()) return wrong;
    subject->drop();
    interposer_disarm();
    return ring_.open_again(promises);
  }

  std::string check_outcome(const Plan& plan, const Status& status) const {
    const Call& call = calls_[plan.index];
    if (!status.ok()) {
      if (plan.outcome == Outcome::kShort) return "a short transfer failed: " + status.error().message;
      if (plan.error == EINTR && call.interruptible())
        return "an interruption failed: " + status.error().message;
      return unclear(status.error());
    }
    // Everything else may be done without: who holds the lock, the head that readers are told by, a probe.
    const bool tells =
        call.path.find(".page") != std::string::npos || call.path.find("/RING") != std::string::npos ||
        call.path.find(".cursor") != std::string::npos || call.path.find("/TAIL") != std::string::npos;
    const bool durable = plan.outcome == Outcome::kError && tells && call.is({"pwritev", "fdatasync"}) &&
                         !(plan.error == EINTR && call.interruptible());
    const bool again = operation_.appends && !plan.for_good;  // pages are filled again by whoever needs them
    return durable && !again ? "the failure was swallowed" : "";
  }

  std::string go_on(Subject& subject, const Status& failed) const {
    if (!subject.writable()) return "";
    const Status appended = subject.append(2);
    if (!failed.ok() && operation_.appends) {
      if (appended.ok()) return "an append is acknowledged though one before it failed";
    } else if (!appended.ok()) {
      return "an append fails though nothing is wrong: " + appended.error().message;
    }
    const std::string wrong = subject.check(0);
    return wrong.empty() ? "" : "it reads: " + wrong;
  }

  const Operation& operation_;
  RealRing ring_;
  const bool long_form_;
  Figures& figures_;
  std::vector<Call> calls_;
};

constexpr Mode kModes[] = {
    {"auto", true, DirectIo::kAuto}, {"buffered", true, DirectIo::kOff}, {"unsynced", false, DirectIo::kOff}};

}  // namespace

// One after the other: there is one C library to stand in front of.
std::string sweep_system_calls(const Settings& settings, Figures* figures) {
  const Scratch scratch;
  if (!scratch.valid()) return "there is no place for temporary files";
  for (const Operation& operation : operations()) {
    // Nothing is left torn without a power loss.
    if (operation.start == Start::kTorn || operation.start == Start::kTailCopy) continue;
    for (const Mode& mode : kModes) {
      if (!mode.dsync && !settings.long_form) continue;
      if (!settings.asks_for(name_of(operation, mode))) continue;
      std::string wrong = Sweep(mode, operation, scratch, settings.long_form, figures).run();
      if (!wrong.empty()) return wrong;
    }
  }
  return "";
}

}  // namespace waldo::faults
