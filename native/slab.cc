#include "slab.h"

#include <sys/mman.h>

#include "format.h"

namespace waldo {

Slab::~Slab() { munmap(data_, bytes_); }

namespace {

constexpr size_t kHugePageBytes = 2 * 1024 * 1024;

// Anonymous memory that begins at a multiple of `alignment`, or MAP_FAILED.
void* map_aligned(size_t bytes, size_t alignment, int flags) {
  constexpr int kProtection = PROT_READ | PROT_WRITE;
  if (alignment <= kMaxAlignment) return mmap(nullptr, bytes, kProtection, flags, -1, 0);
  void* const data = mmap(nullptr, bytes + alignment, kProtection, flags, -1, 0);
  if (data == MAP_FAILED) return data;
  auto* const begin = static_cast<uint8_t*>(data);
  const size_t head =
      align_up(reinterpret_cast<uintptr_t>(begin), alignment) - reinterpret_cast<uintptr_t>(begin);
  if (head > 0) munmap(begin, head);
  munmap(begin + head + bytes, alignment - head);
  return begin + head;
}

}  // namespace

std::unique_ptr<Slab> Slab::map(size_t bytes, HugePages huge) {
  bytes = align_up(bytes, kMaxAlignment);
  int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_HUGETLB
  if (huge == HugePages::kExplicit) flags |= MAP_HUGETLB;
#endif
  void* data = map_aligned(bytes, huge == HugePages::kTransparent ? kHugePageBytes : 0, flags);
  if (data == MAP_FAILED) return nullptr;
#ifdef MADV_DONTFORK
  (void)madvise(data, bytes, MADV_DONTFORK);  // advice: without it only forks are slower
#endif
#ifdef MADV_HUGEPAGE
  if (huge == HugePages::kTransparent) (void)madvise(data, bytes, MADV_HUGEPAGE);
#endif
  return std::unique_ptr<Slab>(new Slab(static_cast<uint8_t*>(data), bytes));
}

Status map_buffer(size_t bytes, std::unique_ptr<Slab>* buffer) {
  *buffer = Slab::map(bytes, HugePages::kNone);
  return *buffer ? Status() : Status::no_memory();
}

std::shared_ptr<SlabPool> SlabPool::create(size_t slab_bytes, size_t keep, bool reserved) {
  HugePages kind = HugePages::kNone;
  // Whole huge pages are asked for anyway: the device reaches a slab of them in half the time.
  if (slab_bytes % kHugePageBytes == 0) kind = HugePages::kTransparent;
  // One trial tells whether this machine has reserved any.
  if (reserved && Slab::map(slab_bytes, HugePages::kExplicit)) kind = HugePages::kExplicit;
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
  if (free_.size() >= keep_) return;
  try {
    free_.push_back(std::move(slab));
  } catch (const std::bad_alloc&) {
    // Called by destructors: a slab that cannot be kept is given back to the system.
  }
}

}  // namespace waldo
