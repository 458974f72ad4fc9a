#include "jobs.h"

namespace waldo {

Jobs::~Jobs() { stop(); }

Status Jobs::post(std::function<void()> job) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_) return Status::make(Code::kClosed, "the engine is closed");
  if (queue_.size() + 1 > idle_ && threads_.size() < max_threads_) {
    const Status started = guarded([this] {
      threads_.emplace_back(&Jobs::run, this);
      return Status();
    });
    if (threads_.empty()) return started;
  }
  queue_.push_back(std::move(job));
  work_.notify_one();
  return Status();
}

void Jobs::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    ++idle_;
    work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (stopping_) return;
    auto job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // what it holds is let go of before the next wait
    lock.lock();
  }
}

void Jobs::stop() {
  std::vector<std::thread> threads;
  std::deque<std::function<void()>> dropped;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    dropped.swap(queue_);
  }
  work_.notify_all();
  for (auto& thread : threads) thread.join();
}

}  // namespace waldo
