#include "support/watched_slabs.h"

#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

#include "format.h"
#include "slab.h"

namespace waldo {

namespace fuzz {

namespace {

// Larger ones go back to the system.
constexpr size_t kMaxKeptBytes = 8 * 1024 * 1024;
// Engine code writes slabs up to this size itself; larger ones are only read into.
constexpr size_t kMaxWrittenBytes = 256 * 1024;
// How far behind what was read is watched: what runs on byte by byte is met at once.
constexpr size_t kWatchedBytes = 16 * 1024;
constexpr size_t kGuardBytes = 4096;
// Headers are read into fresh memory, where zeros stand for what a short file lacks.
constexpr size_t kZeroFilledBytes = kPageDataOffset;

struct Mapping {
  size_t bytes = 0;
  size_t dirty = 0;  // bytes from the start that may not be zero
  size_t watched_from = 0;
  size_t watched_to = 0;
};

struct Mappings {
  std::map<uint8_t*, Mapping> used;  // by address
  std::map<size_t, std::vector<std::pair<uint8_t*, Mapping>>> free;
};

Mappings& mappings() {
  static auto* const all = new Mappings;
  return *all;
}

std::pair<uint8_t* const, Mapping>* find(void* address) {
  auto* const at = static_cast<uint8_t*>(address);
  auto& used = mappings().used;
  auto after = used.upper_bound(at);
  if (after == used.begin()) return nullptr;
  auto& entry = *std::prev(after);
  return at < entry.first + entry.second.bytes ? &entry : nullptr;
}

void unwatch(uint8_t* data, Mapping* mapping) {
  ASAN_UNPOISON_MEMORY_REGION(data + mapping->watched_from, mapping->watched_to - mapping->watched_from);
  mapping->watched_from = mapping->watched_to = 0;
}

uint8_t* take(size_t bytes) {
  auto& free = mappings().free[bytes];
  std::pair<uint8_t*, Mapping> taken{nullptr, {bytes, 0, 0, 0}};
  if (!free.empty()) {
    taken = free.back();
    free.pop_back();
    std::memset(taken.first, 0, taken.second.dirty);
    taken.second.dirty = 0;
  } else {
    void* const data = mmap(nullptr, bytes + kGuardBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) return nullptr;
    taken.first = static_cast<uint8_t*>(data);
    ASAN_POISON_MEMORY_REGION(taken.first + bytes, kGuardBytes);
  }
  mappings().used.insert(taken);
  return taken.first;
}

void give_back(uint8_t* data) {
  const auto found = mappings().used.find(data);
  Mapping mapping = found->second;
  mappings().used.erase(found);
  unwatch(data, &mapping);
  if (mapping.bytes > kMaxKeptBytes) {
    ASAN_UNPOISON_MEMORY_REGION(data + mapping.bytes, kGuardBytes);
    munmap(data, mapping.bytes + kGuardBytes);
    return;
  }
  if (mapping.bytes <= kMaxWrittenBytes) mapping.dirty = mapping.bytes;
  mappings().free[mapping.bytes].emplace_back(data, mapping);
}

}  // namespace

void allow_read_into(void* buffer, size_t) {
  auto* const entry = find(buffer);
  if (entry != nullptr) unwatch(entry->first, &entry->second);
}

void watch_what_was_read(void* buffer, size_t got) {
  auto* const entry = find(buffer);
  if (entry == nullptr) return;
  Mapping& mapping = entry->second;
  const size_t end = static_cast<size_t>(static_cast<uint8_t*>(buffer) - entry->first) + got;
  mapping.dirty = std::max(mapping.dirty, end);
  if (mapping.bytes <= kZeroFilledBytes) return;
  mapping.watched_from = align_up(end, 8);
  mapping.watched_to = std::max(mapping.watched_from, std::min(mapping.bytes, end + kWatchedBytes));
  ASAN_POISON_MEMORY_REGION(entry->first + mapping.watched_from, mapping.watched_to - mapping.watched_from);
}

}  // namespace fuzz

Slab::~Slab() { fuzz::give_back(data_); }

std::unique_ptr<Slab> Slab::map(size_t bytes, HugePages) {
  bytes = align_up(bytes, kMaxAlignment);
  uint8_t* const data = bytes == 0 ? nullptr : fuzz::take(bytes);  // no bytes: mmap refuses
  return data == nullptr ? nullptr : std::unique_ptr<Slab>(new Slab(data, bytes));
}

Status map_buffer(size_t bytes, std::unique_ptr<Slab>* buffer) {
  *buffer = Slab::map(bytes, HugePages::kNone);
  return *buffer ? Status() : Status::make(Code::kInternal, "out of memory");
}

std::shared_ptr<SlabPool> SlabPool::create(size_t slab_bytes, size_t keep, bool) {
  return std::shared_ptr<SlabPool>(new SlabPool(slab_bytes, keep, HugePages::kNone));
}

std::shared_ptr<Slab> SlabPool::take() { return take(slab_bytes_); }

std::shared_ptr<Slab> SlabPool::take(size_t bytes) const { return Slab::map(bytes, HugePages::kNone); }

void SlabPool::give_back(std::unique_ptr<Slab>) {}

}  // namespace waldo
