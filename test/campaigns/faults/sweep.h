// What the sweeps share: which cases to run, what they count, and how they tell a violation.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace waldo::faults {

struct Settings {
  uint64_t seed = 1;
  std::string only;     // of the operations, those whose name begins so
  uint64_t images = 1;  // power losses and kills drawn at each of the two places of a case
  bool long_form = false;
  unsigned threads = 1;

  bool asks_for(const std::string& name) const { return name.compare(0, only.size(), only) == 0; }
};

struct Figures {
  uint64_t operations = 0;  // in their modes
  uint64_t calls = 0;       // that were made to fail: indices
  uint64_t cases = 0;
  uint64_t images = 0;

  Figures& operator+=(const Figures& other) {
    operations += other.operations;
    calls += other.calls;
    cases += other.cases;
    images += other.images;
    return *this;
  }
};

// Each returns "" or the first violation that it found.
std::string sweep_simulated(const Settings& settings, Figures* figures);
std::string sweep_system_calls(const Settings& settings, Figures* figures);
std::string sweep_allocations(const Settings& settings, Figures* figures);

// A task returns "" or a violation; the first one stops all. Each may be on a thread of its own.
class Tasks {
 public:
  using Task = std::function<std::string(Figures*)>;

  void add(Task task) { tasks_.push_back(std::move(task)); }
  std::string run(unsigned threads, Figures* figures);

 private:
  std::vector<Task> tasks_;
};

// Says what is under way, so that who waits for ever is found out: after a minute in one case the program tells which
// it was and fails.
class Watched {
 public:
  explicit Watched(std::string what);
  ~Watched();
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

 private:
  uint64_t id_;
};

}  // namespace waldo::faults
