#include "sweep.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

namespace waldo::faults {

std::string Tasks::run(unsigned threads, Figures* figures) {
  std::mutex mutex;
  std::string violation;
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (;;) {
      const size_t index = next.fetch_add(1);
      if (index >= tasks_.size()) return;
      Figures mine;
      std::string wrong = tasks_[index](&mine);
      std::lock_guard<std::mutex> lock(mutex);
      *figures += mine;
      if (wrong.empty()) continue;
      if (violation.empty()) violation = std::move(wrong);
      next = tasks_.size();
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  return violation;
}

namespace {

// Far longer than any case takes on a busy machine.
constexpr std::chrono::seconds kHang{60};

struct Watch {
  std::mutex mutex;
  std::map<uint64_t, std::pair<std::string, std::chrono::steady_clock::time_point>> under_way;
  uint64_t next = 0;
};

[[noreturn]] void watch_for_ever(Watch* watch) {
  for (;;) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    std::lock_guard<std::mutex> lock(watch->mutex);
    for (const auto& [id, entry] : watch->under_way) {
      if (std::chrono::steady_clock::now() - entry.second < kHang) continue;
      printf("%s: hangs\ncampaign faults: FAILED: an operation never ended\n", entry.first.c_str());
      fflush(stdout);
      _exit(1);
    }
  }
}

Watch& watch() {
  static Watch* const instance = [] {
    auto* const made = new Watch;  // outlives the thread that looks at it
    std::thread(watch_for_ever, made).detach();
    return made;
  }();
  return *instance;
}

}  // namespace

Watched::Watched(std::string what) {
  Watch& all = watch();
  std::lock_guard<std::mutex> lock(all.mutex);
  id_ = all.next++;
  all.under_way.emplace(id_, std::make_pair(std::move(what), std::chrono::steady_clock::now()));
}

Watched::~Watched() {
  Watch& all = watch();
  std::lock_guard<std::mutex> lock(all.mutex);
  all.under_way.erase(id_);
}

}  // namespace waldo::faults
