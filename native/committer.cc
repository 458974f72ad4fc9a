#include "committer.h"

namespace waldo {

namespace {

// Tells the processor that this is a loop that waits.
inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// With one processor, whoever shall bring work would wait for the one who looks out for it.
bool can_spin() {
  static const bool several = std::thread::hardware_concurrency() > 1;
  return several;
}

}  // namespace

Committer::Committer(Ring& ring, std::function<void()> on_progress)
    : ring_(ring), on_progress_(std::move(on_progress)), writer_(&Committer::write_loop, this) {}

Committer::~Committer() { stop(); }

Status Committer::submit(PackedFrame frame, bool wake) {
  auto queued = std::make_shared<Queued>();
  queued->frame = std::move(frame);
  if (queued->frame.padded_bytes <= kSealInlineBytes || !wake || !has_sealer()) {
    WALDO_TRY(seal_body(&queued->frame));
    queued->seal = Seal::kDone;
  }
  std::lock_guard<std::mutex> lock(mutex_);
  if (!failure_.ok()) return failure_;
  if (stopping_) return Status::make(Code::kClosed, "the ring is closed");
  queue_.push_back(std::move(queued));
  if (wake) has_work_.store(true, std::memory_order_release);
  if (queue_.back()->seal == Seal::kNone) {
    to_seal_.notify_one();
  } else if (wake) {
    work_.notify_one();
  }
  return Status();
}

bool Committer::has_sealer() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_ || sealer_.joinable()) return true;
  return guarded([this] {
           sealer_ = std::thread(&Committer::seal_loop, this);
           return Status();
         })
      .ok();
}

// Seals the first frame that nobody has sealed yet; the lock is given up meanwhile.
bool Committer::seal_next(std::unique_lock<std::mutex>& lock, bool head_only) {
  std::shared_ptr<Queued> next;
  for (auto& queued : queue_) {
    if (queued->seal == Seal::kNone) {
      next = queued;
      break;
    }
    if (head_only) break;
  }
  if (!next) return false;
  next->seal = Seal::kTaken;
  lock.unlock();
  Status status = seal_body(&next->frame);
  lock.lock();
  next->seal = Seal::kDone;
  if (!status.ok()) {
    lock.unlock();
    fail(status);
    lock.lock();
  }
  sealed_.notify_all();
  work_.notify_one();
  return true;
}

void Committer::seal_loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    if (!seal_next(lock, false)) to_seal_.wait(lock);
  }
}

void Committer::write_loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto ready = [this] {
    return !queue_.empty() && queue_.front()->seal == Seal::kDone && failure_.ok();
  };
  for (;;) {
    if (ready()) {
      lock.unlock();
      const bool committed = commit_head();
      if (committed) on_progress_();
      if (committed && !held_) spin();
      lock.lock();
      // Cursors may be moved by other processes, which tell nobody.
      if (held_ && !stopping_) work_.wait_for(lock, kHeldPause);
      if (held_ && stopping_) {
        lock.unlock();
        give_up_held();
        lock.lock();
      }
      continue;
    }
    if (stopping_ && (queue_.empty() || !failure_.ok())) return;
    if (stopping_ && seal_next(lock, true)) continue;
    if (!watermark_due_) {
      work_.wait(lock);
      continue;
    }
    idle_timer_runs_ = true;
    work_.wait_until(lock, last_commit_ + kIdle);
    idle_timer_runs_ = false;
    if (ready() && std::chrono::steady_clock::now() < last_commit_ + kSpin) spin_pays_ = can_spin();
    if (!queue_.empty() || stopping_ || std::chrono::steady_clock::now() < last_commit_ + kIdle) continue;
    watermark_due_ = false;
    lock.unlock();
    Status status;
    {
      std::lock_guard<std::mutex> writing(commit_mutex_);
      status = ring_.persist_watermark();
    }
    if (!status.ok()) fail(status);
    lock.lock();
  }
}

void Committer::spin() {
  if (!spin_pays_) return;
  const auto end = std::chrono::steady_clock::now() + kSpin;
  while (!has_work_.load(std::memory_order_acquire)) {
    if (std::chrono::steady_clock::now() >= end) {
      spin_pays_ = false;
      return;
    }
    relax();
  }
}

bool Committer::commit_head() {
  std::lock_guard<std::mutex> writing(commit_mutex_);
  std::vector<PackedFrame> group;
  Status status = guarded([&] {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_.ok()) return Status();
    for (const auto& queued : queue_) {
      if (queued->seal != Seal::kDone || group.size() == kMaxGroupFrames) break;
      group.push_back(queued->frame);
    }
    return Status();
  });
  if (!status.ok()) fail(status);
  if (!status.ok() || group.empty()) return false;
  size_t written = 0;
  status = ring_.append(group.data(), group.size(), &written);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(written));
    if (queue_.empty()) has_work_.store(false, std::memory_order_relaxed);
    last_commit_ = std::chrono::steady_clock::now();
    watermark_due_ = true;
  }
  committed_.fetch_add(written, std::memory_order_release);
  const bool held = !status.ok() && status.error().code == Code::kFull;
  const bool news = held != held_.exchange(held) || written > 0;
  if (!status.ok() && !held) fail(status);
  return !held || news;
}

void Committer::fail(const Status& status) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (failure_.ok()) failure_ = status;
    queue_.clear();
  }
  on_progress_();
}

void Committer::commit_now() {
  bool wake_timer = false;
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      while (failure_.ok() && !queue_.empty() && queue_.front()->seal != Seal::kDone) {
        if (!seal_next(lock, true)) sealed_.wait(lock);
      }
      if (!failure_.ok() || queue_.empty()) {
        wake_timer = watermark_due_ && !idle_timer_runs_;
        break;
      }
    }
    (void)commit_head();  // its outcome is in committed(), failure() and held()
    if (held_) break;
  }
  // The queue may be empty because the writing thread has the rest in flight.
  std::lock_guard<std::mutex> writing(commit_mutex_);
  if (wake_timer) work_.notify_one();
}

void Committer::try_held() {
  if (held_) work_.notify_one();
}

void Committer::give_up_held() {
  if (held_)
    fail(Status::make(Code::kFull, "the ring was closed while a cursor held the page to be written"));
}

Status Committer::failure() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return failure_;
}

void Committer::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  to_seal_.notify_all();
  if (writer_.joinable()) writer_.join();
  if (sealer_.joinable()) sealer_.join();
}

}  // namespace waldo
