#include "follower.h"

namespace waldo {

Follower::Follower(Ring& ring, std::function<void()> on_progress)
    : ring_(ring), on_progress_(std::move(on_progress)), thread_(&Follower::run, this) {}

Follower::~Follower() {
  std::unique_lock<std::mutex> lock(mutex_);
  stopping_ = true;
  stop_.notify_all();
  // It may be about to wait for the head: told again until it has heard.
  while (!done_) {
    ring_.head().interrupt();
    stop_.wait_for(lock, std::chrono::milliseconds(1));
  }
  lock.unlock();
  thread_.join();
}

void Follower::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  uint64_t told = 0;
  while (!stopping_) {
    lock.unlock();
    HeadReader& head = ring_.head();
    bool found = false;
    uint32_t seen = 0;
    const Status refreshed = guarded([&] {
      found = head.find();
      seen = head.word();
      return ring_.refresh();
    });
    // Memory may be had again: whoever waits for the tip must not wait for ever.
    const bool failed = !refreshed.ok() && refreshed.error().code != Code::kNoMemory;
    // Others may have refreshed the ring since: what they found has to be told, too.
    const uint64_t advances = ring_.advances();
    const bool changed = advances != told;
    told = advances;
    if (changed || failed) on_progress_();
    lock.lock();
    if (failed) break;
    if (stopping_) break;
    if (!found) {
      stop_.wait_for(lock, kSearch);
    } else if (!changed) {
      lock.unlock();
      head.wait(seen, kWait);
      lock.lock();
    }
  }
  done_ = true;
  stop_.notify_all();
}

}  // namespace waldo
