// A few threads for what takes long (opening, reading, verifying, closing), so that libuv's pool stays with
// fs and dns.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "status.h"

namespace waldo {

class Jobs {
 public:
  explicit Jobs(size_t max_threads) : max_threads_(max_threads) {}
  ~Jobs();

  // Any thread. Fails after stop() (kClosed), and if there is no thread yet and none can be started (kIo).
  Status post(std::function<void()> job);

  // Finishes what runs, drops what waits, joins. Not to be called from a job.
  void stop();

 private:
  void run();

  const size_t max_threads_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace waldo
