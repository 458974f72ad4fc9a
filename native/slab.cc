#include "slab.h"

#include <sys/mman.h>

#include "format.h"

namespace waldo {

Slab::~Slab() { munmap(data_, bytes_); }

std::unique_ptr<Slab> Slab::map(size_t bytes, HugePages huge) {
  bytes = align_up(bytes, kMaxAlignment);
  int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_HUGETLB
  if (huge == HugePages::kExplicit) flags |= MAP_HUGETLB;
#endif
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (data == MAP_FAILED) return nullptr;
#ifdef MADV_DONTFORK
  (void)madvise(data, bytes, MADV_DONTFORK);  // advice: without it only forks are slower
#endif
#ifdef MADV_HUGEPAGE
  if (huge == HugePages::kTransparent) (void)madvise(data, bytes, MADV_HUGEPAGE);
#endif
  return std::unique_ptr<Slab>(new Slab(static_cast<uint8_t*>(data), bytes));
}

std::shared_ptr<SlabPool> SlabPool::create(size_t slab_bytes, size_t keep, bool huge) {
  HugePages kind = HugePages::kNone;
  if (huge) {
    // One trial tells whether huge pages are reserved on this machine.
    kind = Slab::map(slab_bytes, HugePages::kExplicit) ? HugePages::kExplicit : HugePages::kTransparent;
  }
  return std::shared_ptr<SlabPool>(new SlabPool(slab_bytes, keep, kind));
}

std::shared_ptr<Slab> SlabPool::take() {
  std::unique_ptr<Slab> slab;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!free_.empty()) {
      slab = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (!slab) slab = Slab::map(slab_bytes_, huge_);
  if (!slab && huge_ == HugePages::kExplicit) slab = Slab::map(slab_bytes_, HugePages::kTransparent);
  if (!slab) return nullptr;
  std::weak_ptr<SlabPool> pool = weak_from_this();
  return std::shared_ptr<Slab>(slab.release(), [pool](Slab* released) {
    std::unique_ptr<Slab> owned(released);
    if (auto alive = pool.lock()) alive->give_back(std::move(owned));
  });
}

std::shared_ptr<Slab> SlabPool::take(size_t bytes) const { return Slab::map(bytes, HugePages::kNone); }

void SlabPool::give_back(std::unique_ptr<Slab> slab) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (free_.size() < keep_) free_.push_back(std::move(slab));
}

}  // namespace waldo
