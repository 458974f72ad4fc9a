// Group commit: one queue and one writing thread a ring. Frames that queue up while a write is in flight go
// out with the next one. Large frames are sealed (checksummed) by a second thread while the first one waits
// for the disk; small ones by the caller, for whom that is cheaper than a hand-over.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "frame.h"
#include "ring.h"

namespace waldo {

class Committer {
 public:
  // `on_progress` is called on the writing thread after each commit and after the failure.
  Committer(Ring& ring, std::function<void()> on_progress);
  // Writes what is queued, unless the ring has failed, and joins the threads.
  ~Committer();

  // Queues a frame; its slab belongs to the committer until it is durable. With `wake`, the writing thread
  // takes it; without, the caller goes on to commit_now().
  Status submit(PackedFrame frame, bool wake);

  // Writes everything queued on the calling thread, after what the writing thread has in flight.
  void commit_now();

  uint64_t committed() const { return committed_.load(std::memory_order_acquire); }  // frames
  Status failure() const;

  // Whether the next frame waits for a page that a durable cursor holds. It is tried again now and then, and when
  // somebody says that a cursor has moved; giving up fails all that is queued.
  bool held() const { return held_; }
  void try_held();
  void give_up_held();

  // As the destructor.
  void stop();

 private:
  enum class Seal { kNone, kTaken, kDone };
  struct Queued {
    PackedFrame frame;
    Seal seal = Seal::kNone;
  };

  void write_loop();
  void seal_loop();
  bool commit_head();  // false: nothing was ready, the ring has failed, or the next page is still held
  void spin();
  // False if there is no thread that seals: the system has none to give.
  bool has_sealer();
  bool seal_next(std::unique_lock<std::mutex>& lock, bool head_only);
  void fail(const Status& status);

  // What a caller seals itself: a few microseconds of checksums at the most.
  static constexpr uint32_t kSealInlineBytes = 32 * 1024;
  // How long the writing thread looks out for the next frame before it sleeps. Waking it takes about as long as
  // a small append's other steps together. It only does so while frames keep coming within that time.
  static constexpr std::chrono::microseconds kSpin{100};
  // How long the ring is idle before the watermark is written down.
  static constexpr std::chrono::milliseconds kIdle{100};
  // How soon a page that is held is tried again.
  static constexpr std::chrono::milliseconds kHeldPause{5};
  static constexpr size_t kMaxGroupFrames = 256;

  Ring& ring_;
  const std::function<void()> on_progress_;
  std::mutex commit_mutex_;  // held while a group is written: one write in flight a ring

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable work_;
  std::condition_variable sealed_;
  std::condition_variable to_seal_;
  std::deque<std::shared_ptr<Queued>> queue_;
  Status failure_;
  bool stopping_ = false;
  bool watermark_due_ = false;
  bool idle_timer_runs_ = false;
  std::chrono::steady_clock::time_point last_commit_;

  std::atomic<bool> has_work_{false};  // for the writing thread: a hint, read without the mutex
  bool spin_pays_ = false;             // the writing thread's
  std::atomic<bool> held_{false};
  std::atomic<uint64_t> committed_{0};
  std::thread writer_;
  std::thread sealer_;  // from the first large frame on
};

}  // namespace waldo
