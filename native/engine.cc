#include "engine.h"

namespace waldo {

Status Engine::open(FileSystem& fs, const std::string& directory, const RingOptions& options,
                    size_t slabs_kept, bool huge, std::function<void()> on_progress,
                    std::unique_ptr<Engine>* engine) {
  std::unique_ptr<Ring> ring;
  WALDO_TRY(Ring::open(fs, directory, options, &ring));
  auto slabs = SlabPool::create(ring->options().buf_capacity, slabs_kept, huge);
  engine->reset(new Engine(std::move(ring), std::move(slabs)));
  Ring& opened = *(*engine)->ring_;
  const Status started = guarded([&] {
    if (options.read_only)
      (*engine)->follower_ = std::make_unique<Follower>(opened, std::move(on_progress));
    else
      (*engine)->committer_ = std::make_unique<Committer>(opened, std::move(on_progress));
    return Status();
  });
  if (!started.ok()) engine->reset();
  return started;
}

Engine::~Engine() { (void)close(); }

Status Engine::submit(const std::shared_ptr<Slab>& slab, size_t start, size_t end, uint32_t count,
                      bool wake) {
  if (!committer_) return Status::make(Code::kClosed, "a reader cannot append");
  const uint32_t alignment = ring_->geometry().alignment;
  const size_t least = sizeof(FrameHeader) + sizeof(LogHeader);
  if (start % alignment != 0 || end > slab->bytes() || start + least > end || count == 0) {
    return Status::make(Code::kInternal, "a frame lies outside its slab");
  }
  PackedFrame frame;
  frame.slab = slab;
  frame.data = slab->data() + start;
  frame.frame_bytes = static_cast<uint32_t>(end - start);
  frame.padded_bytes = static_cast<uint32_t>(align_up(end - start, alignment));
  frame.log_count = count;
  if (start + frame.padded_bytes > slab->bytes() || frame.padded_bytes > ring_->options().buf_capacity) {
    return Status::make(Code::kInternal, "a frame is longer than bufCapacity");
  }
  return committer_->submit(std::move(frame), wake);
}

void Engine::commit_now() {
  if (committer_) committer_->commit_now();
}

uint64_t Engine::committed() const { return committer_ ? committer_->committed() : ring_->bounds().tip; }

Status Engine::failure() const { return committer_ ? committer_->failure() : ring_->failure(); }

Status Engine::commit_cursor(const std::string& name, uint64_t position) {
  WALDO_TRY(ring_->commit_cursor(name, position));
  if (committer_) committer_->try_held();
  return Status();
}

Status Engine::remove_cursor(const std::string& name) {
  WALDO_TRY(ring_->cursors().remove(name));
  if (committer_) committer_->try_held();
  return Status();
}

Status Engine::close() {
  if (committer_) committer_->stop();
  follower_.reset();
  return ring_->close();
}

}  // namespace waldo
