// Keeps a reader's ring where its writer is: one thread, which sleeps until the head changes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "ring.h"

namespace waldo {

class Follower {
 public:
  // `on_progress` is called on the follower's thread whenever the tip has moved, and after the failure.
  Follower(Ring& ring, std::function<void()> on_progress);
  ~Follower();

 private:
  void run();

  // How long to sleep at most: then it is looked whether the head is still the one that is there.
  static constexpr std::chrono::milliseconds kWait{1000};
  // The same while there is no head, of which nobody could tell.
  static constexpr std::chrono::milliseconds kSearch{50};

  Ring& ring_;
  const std::function<void()> on_progress_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace waldo
