// Runs one function in as many processes as there are processors: allocations and mappings of one do not wait for
// another's, and each is as single-threaded as its seed promises.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace waldo::crash {

// What the processes share.
struct Shared {
  static constexpr size_t kCounters = 16;
  static constexpr size_t kMessageBytes = 4096;
  std::atomic<uint64_t> counters[kCounters];
  std::atomic<bool> failed;
  char message[kMessageBytes];  // of the first failure

  void fail(const std::string& text);
};

// While it lives, a worker that computes for longer than anything takes fails, and says so: who goes round in circles is
// found out.
class TimeLimit {
 public:
  TimeLimit(Shared* shared, const std::string& what);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
};

// Calls work(shared, index) in `jobs` processes, and returns when all have ended. A process that dies is a failure.
Shared* run_workers(unsigned jobs, const std::function<void(Shared*, unsigned)>& work);

}  // namespace waldo::crash
