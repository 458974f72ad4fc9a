// Every allocation of every operation fails, on real files: of objects, by operator new, and of buffers, by mmap.
//
// What is promised: an allocation that fails is an error of the call that needed it, std::bad_alloc or kNoMemory; one
// of a thread of the engine's latches the ring or is made good later. Nothing acknowledged is lost, nothing leaks
// (built with AddressSanitizer, the program says so when it ends), and nothing ends the process.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "interposer.h"
#include "real_ring.h"
#include "sweep.h"

namespace waldo::faults {

namespace {

std::atomic<bool> counting{false};
std::atomic<uint64_t> made{0};
std::atomic<uint64_t> first_refused{UINT64_MAX};
std::atomic<uint64_t> last_refused{UINT64_MAX};

bool refused() {
  if (!counting) return false;
  const uint64_t index = made.fetch_add(1);
  return index >= first_refused && index <= last_refused;
}

void* allocate(size_t bytes) {
  if (refused()) throw std::bad_alloc();
  void* const memory = malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace
}  // namespace waldo::faults

void* operator new(size_t bytes) { return waldo::faults::allocate(bytes); }
void* operator new[](size_t bytes) { return waldo::faults::allocate(bytes); }
void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t) noexcept { free(memory); }

namespace waldo::faults {

namespace {

struct Refusal {
  uint64_t index = UINT64_MAX;
  bool for_good = false;
};

// While it lives, allocations are counted, and those of the refusal fail.
class Counting {
 public:
  explicit Counting(const Refusal& refusal) {
    first_refused = refusal.index;
    last_refused = refusal.for_good ? UINT64_MAX : refusal.index;
    made = 0;
    interposer_refuse_memory(refused);
    counting = true;
  }
  ~Counting() { stop(); }
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;

  void stop() {
    counting = false;
    interposer_refuse_memory(nullptr);
  }
};

constexpr Mode kModes[] = {{"buffered", true, DirectIo::kOff}, {"background", true, DirectIo::kAuto, true}};
constexpr size_t kMostLogs = 1 << 14;

class Sweep {
 public:
  Sweep(const Mode& mode, const Operation& operation, const Scratch& scratch, bool long_form,
        Figures* figures)
      : operation_(operation), ring_(mode, operation, scratch), long_form_(long_form), figures_(*figures) {}

  std::string run() {
    const Status made = ring_.make();
    if (!made.ok()) return ring_.name() + ": cannot begin: " + made.error().message;
    uint64_t count = 0;
    std::string wrong = run_case(Refusal(), &count);
    if (!wrong.empty()) return ring_.name() + ", without a fault: " + wrong;
    figures_.operations += 1;
    figures_.calls += count;
    for (uint64_t index = 0; index < count; ++index) {
      for (const bool for_good : {false, true}) {
        if (!long_form_ && for_good != (index % 2 == 1)) continue;
        const std::string what = ring_.name() + ", allocation " + std::to_string(index) + " of " +
                                 std::to_string(count) + (for_good ? " and all that follow" : "");
        const Watched watched(what);
        figures_.cases += 1;
        wrong = run_case({index, for_good}, nullptr);
        if (!wrong.empty()) return what + ": " + wrong;
      }
    }
    return "";
  }

 private:
  std::string run_case(const Refusal& refusal, uint64_t* count) {
    Promises promises = ring_.promises();
    promises.logs.attempts.reserve(kMostLogs);  // what is promised is written down whatever fails
    std::unique_ptr<Subject> subject;
    const Status begun = ring_.begin(&promises, &subject);
    if (!begun.ok()) return "cannot begin: " + begun.error().message;
    {
      Counting counting(refusal);
      const Status status = guarded([&] { return operation_.run(*subject); });
      if (count != nullptr) *count = made;
      if (!refusal.for_good) counting.stop();
      std::string wrong = go_on(*subject, status, refusal);
      if (!wrong.empty()) return wrong;
      subject.reset();
    }
    return ring_.open_again(promises);
  }

  std::string go_on(Subject& subject, const Status& status, const Refusal& refusal) const {
    if (!status.ok() && status.error().code != Code::kNoMemory)
      return "the failure is told as another one: " + status.error().message;
    if (refusal.for_good || !subject.writable()) return "";
    const Status appended = subject.append(2);
    // What failed before it reached the ring did not latch it.
    if (!appended.ok() && (status.ok() || appended.error().code != Code::kNoMemory))
      return "an append fails though nothing is wrong: " + appended.error().message;
    const std::string wrong = subject.check(0);
    return wrong.empty() ? "" : "it reads: " + wrong;
  }

  const Operation& operation_;
  RealRing ring_;
  const bool long_form_;
  Figures& figures_;
};

}  // namespace

std::string sweep_allocations(const Settings& settings, Figures* figures) {
  const Scratch scratch;
  if (!scratch.valid()) return "there is no place for temporary files";
  for (const Operation& operation : operations()) {
    if (operation.start == Start::kTorn || operation.start == Start::kTailCopy) continue;
    for (const Mode& mode : kModes) {
      if (!settings.asks_for(name_of(operation, mode))) continue;
      // Only some have anything to prepare.
      const bool prepares = operation.appends || operation.start == Start::kNothing;
      if (mode.background && !prepares && !settings.long_form) continue;
      std::string wrong = Sweep(mode, operation, scratch, settings.long_form, figures).run();
      if (!wrong.empty()) return wrong;
    }
  }
  return "";
}

}  // namespace waldo::faults
