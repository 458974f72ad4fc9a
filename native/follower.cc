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
  while (!stopping_) {
    lock.unlock();
    HeadReader& head = ring_.head();
    const bool found = head.find();
    const uint32_t seen = head.word();
    bool changed = false;
    const bool failed = !ring_.refresh(&changed).ok();
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
