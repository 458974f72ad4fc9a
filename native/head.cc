#include "head.h"

#include <cstring>
#include <thread>

namespace waldo {

namespace {

// A head that is being stored is not whole; storing takes nanoseconds.
constexpr int kAttempts = 50;

}  // namespace

bool HeadWriter::ready() {
  if (memory_ && memory_->intact()) return true;
  memory_.reset();
  const auto now = std::chrono::steady_clock::now();
  if (tried_at_ != std::chrono::steady_clock::time_point{} && now - tried_at_ < kRetry) return false;
  tried_at_ = now;
  return fs_.share(path_, true, mode_, &memory_).ok();
}

void HeadWriter::publish(Head head) {
  if (!ready()) return;
  std::memcpy(head.magic, kHeadMagic, sizeof(head.magic));
  head.version = kFormatVersion;
  head.bytes = sizeof(Head);
  std::memcpy(head.ring_id, ring_id_.data(), ring_id_.size());
  head.crc = crc_of(head);
  memory_->store(&head, sizeof(head));
  memory_->wake();
}

std::shared_ptr<SharedMemory> HeadReader::memory() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return memory_;
}

bool HeadReader::find() {
  const auto known = memory();
  if (known && known->current()) return true;
  std::unique_ptr<SharedMemory> found;
  if (!fs_.share(path_, false, 0, &found).ok()) return known != nullptr;
  std::lock_guard<std::mutex> lock(mutex_);
  memory_ = std::move(found);
  return true;
}

bool HeadReader::sane(const Head& head) const {
  return std::memcmp(head.magic, kHeadMagic, sizeof(kHeadMagic)) == 0 && head.version == kFormatVersion &&
         head.bytes == sizeof(Head) && head.crc == crc_of(head) &&
         std::memcmp(head.ring_id, geometry_.ring_id.data(), geometry_.ring_id.size()) == 0 &&
         head.end_offset <= geometry_.file_capacity && head.end_offset % geometry_.alignment == 0 &&
         head.tip <= kMaxSeqNo && head.giving_up <= kMaxSeqNo && head.page_no <= kMaxSeqNo;
}

bool HeadReader::read(Head* head) {
  const auto shared = memory();
  if (!shared) return false;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    size_t got = 0;
    if (!shared->load(head, sizeof(*head), &got).ok() || got < sizeof(*head)) return false;
    if (sane(*head)) return true;
    if (attempt > kAttempts / 2) std::this_thread::yield();
  }
  return false;
}

uint32_t HeadReader::word() {
  const auto shared = memory();
  return shared ? shared->word() : 0;
}

void HeadReader::wait(uint32_t seen, std::chrono::milliseconds time) {
  if (const auto shared = memory()) shared->wait(seen, time);
}

void HeadReader::interrupt() {
  if (const auto shared = memory()) shared->interrupt();
}

}  // namespace waldo
