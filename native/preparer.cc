#include "preparer.h"

#include <algorithm>

namespace waldo {

namespace {
constexpr uint64_t kFillBytes = 1024 * 1024;
constexpr uint64_t kSyncBytes = 16 * 1024 * 1024;
}  // namespace

Preparer::Preparer(FileSystem& fs, std::string directory, const Geometry& geometry, const OpenFlags& flags,
                   bool background)
    : fs_(fs),
      directory_(std::move(directory)),
      geometry_(geometry),
      flags_(flags),
      background_(background),
      slots_(geometry.ring_size) {}

Preparer::~Preparer() { stop(); }

void Preparer::request(uint32_t slot, uint64_t from) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (slots_[slot].requested || stopping_) return;
  queue_.push_back(slot);  // the one that may throw comes first
  slots_[slot].requested = true;
  slots_[slot].filled = from;
  if (!background_) return;
  if (!thread_.joinable()) {
    (void)guarded([this] {
      thread_ = std::thread(&Preparer::run, this);
      return Status();
    });
  }
  changed_.notify_all();
}

bool Preparer::alone() {
  std::lock_guard<std::mutex> lock(mutex_);
  return !background_ || (!stopping_ && !thread_.joinable());
}

Status Preparer::wait(uint32_t slot, uint64_t bytes) {
  for (;;) {
    const bool retried = retry(slot);
    const bool mine = alone();
    if (mine) work(slot);
    std::unique_lock<std::mutex> lock(mutex_);
    Slot& wanted = slots_[slot];
    changed_.wait(lock,
                  [&] { return wanted.done || (wanted.exists && wanted.filled >= bytes) || stopping_; });
    if (wanted.exists && wanted.filled >= bytes) return Status();
    if (wanted.status.ok()) return Status::make(Code::kClosed, "the ring is closing");
    // Otherwise what failed was begun before anybody waited.
    if (retried || mine || stopping_) return wanted.status;
  }
}

// What failed in the background, a full disk perhaps, is tried again by the one who needs it. False: nothing failed.
bool Preparer::retry(uint32_t slot) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (slots_[slot].status.ok() || stopping_) return false;
  queue_.push_back(slot);
  slots_[slot].status = Status();
  slots_[slot].done = false;
  slots_[slot].failed_before = true;
  changed_.notify_all();
  return true;
}

void Preparer::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Preparer::run() {
  for (;;) {
    uint32_t slot = 0;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      slot = queue_.front();
      queue_.pop_front();
    }
    work(slot);
  }
}

void Preparer::work(uint32_t slot) {
  uint64_t from = 0;
  bool failed_before = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (slots_[slot].done) return;
    from = slots_[slot].filled;
    failed_before = slots_[slot].failed_before;
  }
  Status status = guarded([&] { return fill(slot, from, failed_before); });
  std::lock_guard<std::mutex> lock(mutex_);
  slots_[slot].status = status;
  slots_[slot].done = true;
  if (status.ok() && !stopping_) slots_[slot].filled = UINT64_MAX;
  changed_.notify_all();
}

bool Preparer::progress(uint32_t slot, uint64_t filled) {
  std::lock_guard<std::mutex> lock(mutex_);
  slots_[slot].exists = true;
  slots_[slot].filled = std::max(slots_[slot].filled, filled);
  changed_.notify_all();
  return !stopping_;
}

Status Preparer::fill(uint32_t slot, uint64_t from, bool failed_before) {
  const std::string path = directory_ + "/" + page_file_name(slot);
  OpenFlags flags = flags_;
  flags.write = true;
  flags.create = flags.dsync = false;
  std::unique_ptr<File> file;
  Status opened = fs_.open(path, flags, &file);
  if (opened.missing()) {
    const Status created = Page::create(fs_, directory_, geometry_, slot, flags_);
    if (!created.ok()) {
      (void)fs_.remove(path);  // a retry must not take a file for safe whose name may be lost
      return created;
    }
    opened = fs_.open(path, flags, &file);
  }
  if (!opened.ok()) return opened;
  const uint64_t end = geometry_.index_offset();
  // What failed is still in the page cache, as if it had been written: see Ring::settle_tail().
  if (failed_before) {
    WALDO_TRY(file->sync());
    file->drop_cache(kPageDataOffset + from, end - kPageDataOffset - from);
  }
  if (!progress(slot, from)) return Status();
  // Only what was never written: a page may have been filled in part, and holds frames below `from`.
  uint64_t at = 0;
  WALDO_TRY(file->next_hole(kPageDataOffset + from, &at));
  at = std::max(at / kMaxAlignment * kMaxAlignment, kPageDataOffset + align_up(from, kMaxAlignment));
  // Through the page cache, zeros are not to be built upon before it is known that the device took them.
  const uint64_t sync_bytes = flags_.direct ? kSyncBytes : kFillBytes;
  uint64_t unsynced = 0;
  while (at < end) {
    const uint64_t bytes = std::min(kFillBytes, end - at);
    WALDO_TRY(write_zeros(*file, at, bytes));
    at += bytes;
    unsynced += bytes;
    if (unsynced >= sync_bytes || at == end) {
      WALDO_TRY(file->sync());
      unsynced = 0;
    }
    if (!progress(slot, at - kPageDataOffset)) return Status();
  }
  return Status();
}

}  // namespace waldo
