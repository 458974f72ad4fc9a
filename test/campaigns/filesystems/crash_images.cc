#include "crash_images.h"

#include <algorithm>
#include <utility>

namespace waldo::test {

namespace {

// Any sectors of the write, or with `whole` all or none.
void apply_in_part(BlockDevice& device, const DeviceRecord& write, bool whole, uint64_t odds, uint32_t sector,
                   SimRng& rng) {
  if (whole) {
    if (rng.below(4) < odds) device.write(write.offset, device.data(write), write.bytes);
    return;
  }
  for (uint32_t at = 0; at < write.bytes;) {
    const auto to_boundary = static_cast<uint32_t>(sector - (write.offset + at) % sector);
    const uint32_t bytes = std::min(to_boundary, write.bytes - at);
    if (rng.below(4) < odds) device.write(write.offset + at, device.data(write) + at, bytes);
    at += bytes;
  }
}

}  // namespace

CrashImage make_crash_image(BlockDevice& device, size_t records, const Marks& at_the_end, uint32_t sector,
                            SimRng& rng) {
  size_t flushed = records;
  while (flushed > 0 && device.record(flushed - 1).kind != DeviceRecord::kFlush) --flushed;
  device.restore(flushed);

  std::vector<size_t> unflushed;
  for (size_t i = flushed; i < records; ++i) unflushed.push_back(i);
  CrashImage image;
  image.records = records;
  image.unflushed = unflushed.size();
  // The power fails no earlier than the next request comes, so that what was promised till then counts.
  image.promised = records < device.record_count() ? device.record(records).marks : at_the_end;

  const bool in_order = rng.one_in(3);
  const bool whole = rng.one_in(3);
  const uint64_t odds = rng.between(0, 4);  // in four, that a write or a sector is there
  if (!in_order) {
    for (size_t i = unflushed.size(); i > 1; --i) std::swap(unflushed[i - 1], unflushed[rng.below(i)]);
  }
  for (size_t index : unflushed) apply_in_part(device, device.record(index), whole, odds, sector, rng);
  return image;
}

}  // namespace waldo::test
