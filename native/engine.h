// A ring that is open, with everything that serves it: slabs, and the committer if it may be written.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "committer.h"
#include "follower.h"
#include "ring.h"
#include "slab.h"

namespace waldo {

class Engine {
 public:
  // Of the slabs that nobody uses any more, `slabs_kept` are kept for reuse, mapped and with their memory.
  // `on_progress` is called on the writing thread whenever committed() or failure() may have changed.
  static Status open(FileSystem& fs, const std::string& directory, const RingOptions& options,
                     size_t slabs_kept, bool huge, std::function<void()> on_progress,
                     std::unique_ptr<Engine>* engine);
  ~Engine();

  // Queues the frame packed in [start, end) of a slab of slabs(): room for its header, then `count` logs.
  Status submit(const std::shared_ptr<Slab>& slab, size_t start, size_t end, uint32_t count, bool wake);
  void commit_now();
  // Frames that are durable; for a reader, the newest log that is.
  uint64_t committed() const;
  Status failure() const;

  Status read(uint64_t after, size_t max_bytes, ReadChunk* chunk) {
    Ring::Fetched fetched;
    WALDO_TRY(fetch(after, max_bytes, &fetched));
    return check(fetched, chunk);
  }
  Status fetch(uint64_t after, size_t max_bytes, Ring::Fetched* fetched) {
    return ring_->fetch(after, max_bytes, *slabs_, fetched);
  }
  Status check(const Ring::Fetched& fetched, ReadChunk* chunk) {
    return ring_->check(fetched, *slabs_, chunk);
  }

  Status commit_cursor(const std::string& name, uint64_t position);
  Status remove_cursor(const std::string& name);
  bool held() const { return committer_ && committer_->held(); }
  void give_up_held() {
    if (committer_) committer_->give_up_held();
  }

  // Writes what is queued, marks the ring cleanly closed, unlocks it. Idempotent; one thread.
  Status close();

  Ring& ring() { return *ring_; }
  SlabPool& slabs() { return *slabs_; }

 private:
  Engine(std::unique_ptr<Ring> ring, std::shared_ptr<SlabPool> slabs)
      : ring_(std::move(ring)), slabs_(std::move(slabs)) {}
  std::unique_ptr<Ring> ring_;
  std::shared_ptr<SlabPool> slabs_;
  std::unique_ptr<Committer> committer_;  // the writer's
  std::unique_ptr<Follower> follower_;    // a reader's
};

}  // namespace waldo
