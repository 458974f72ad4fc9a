#include "support/edits.h"

#include <algorithm>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support/fields.h"
#include "support/fuzz_ring.h"
#include "support/repair.h"

namespace waldo::fuzz {

namespace {

enum Edit : uint8_t { kPutBytes, kSetField, kCopySectors, kCut, kSwapFiles, kFill, kRemove, kStop, kEdits };

constexpr uint64_t kSector = kMinAlignment;

// With WALDO_FUZZ_EXPLAIN set, what an input means is printed.
__attribute__((format(printf, 1, 2))) void explain(const char* format, ...) {
  static const bool asked = std::getenv("WALDO_FUZZ_EXPLAIN") != nullptr;
  if (!asked) return;
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
}

Structure structure_of(uint8_t byte) {
  return static_cast<Structure>(byte % static_cast<uint8_t>(Structure::kCount));
}

}  // namespace

Edits::Edits(const uint8_t* data, size_t bytes, MemoryFiles& files)
    : files_(files), at_(data), end_(data + bytes) {
  const auto& bases = base_rings();
  base_ = &bases[byte() % bases.size()];
  mode_ = byte();
  repairs_ = byte();
  files_.reset(base_->image);
  explain("base %zu, mode 0x%02x, repairs 0x%02x\n", static_cast<size_t>(base_ - bases.data()), mode_,
          repairs_);
}

bool Edits::next() {
  if (at_ == end_) return false;
  while (at_ < end_) {
    const uint8_t edit = byte() % kEdits;
    if (edit == kStop) break;
    if (edit == kPutBytes) put_bytes();
    if (edit == kSetField) set_field();
    if (edit == kCopySectors) copy_sectors();
    if (edit == kCut) cut();
    if (edit == kSwapFiles) swap_files();
    if (edit == kFill) fill();
    if (edit == kRemove) remove();
  }
  repair(files_, repairs_);
  explain("stop\n");
  return true;
}

uint64_t Edits::number(size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= uint64_t{byte()} << 8 * i;
  return value;
}

uint64_t Edits::offset_in(const Bytes& file) {
  const uint64_t offset = number(3);
  return file.empty() ? 0 : offset % file.size();
}

Bytes* Edits::file() {
  const std::string& path = base_->paths[byte() % base_->paths.size()];
  explain("  %s\n", path.c_str());
  return files_.find(path);
}

Place Edits::place_of(uint8_t structure) {
  const std::string directory = std::string(kDirectory) + "/";
  const uint64_t which = number(2);
  const uint64_t copy = which % 2 * kPageHeaderCopyStride;
  const std::string page = directory + page_file_name(static_cast<uint32_t>(which / 2 % 4));
  switch (structure_of(structure)) {
    case Structure::kSuperblock:
      return {directory + "RING", copy};
    case Structure::kPageHeader:
      return {page, copy};
    case Structure::kFrameHeader:
      return base_->frames.empty() ? Place() : base_->frames[which % base_->frames.size()];
    case Structure::kLogHeader:
      return base_->logs.empty() ? Place() : base_->logs[which % base_->logs.size()];
    case Structure::kIndexEntry:
      return {page, kPageDataOffset + kMinFileCapacity + which / 8 * sizeof(IndexEntry)};
    case Structure::kTailCopy:
      return {directory + "TAIL", 0};
    default:
      return {directory + "head", 0};
  }
}

void Edits::put_bytes() {
  Bytes* const target = file();
  const uint64_t bytes = byte() % 32;
  if (target == nullptr) return;
  const uint64_t offset = offset_in(*target);
  explain("put %" PRIu64 " bytes at %" PRIu64 "\n", bytes, offset);
  for (uint64_t i = 0; i < bytes && offset + i < target->size(); ++i) (*target)[offset + i] = byte();
}

// Sets a field to a value, or adds the value to it.
void Edits::set_field() {
  const uint8_t structure = byte();
  const auto& fields = fields_of(structure_of(structure));
  const Place place = place_of(structure);
  const Field field = fields[byte() % fields.size()];
  const uint8_t how = byte();
  uint64_t value = (how & 2) != 0 ? telling_values()[byte() % telling_values().size()] : number(how / 4 % 9);
  Bytes* const target = files_.find(place.path);
  if (target == nullptr || place.offset + field.offset + field.bytes > target->size()) return;
  uint8_t* const at = target->data() + place.offset + field.offset;
  const size_t bytes = std::min(field.bytes, sizeof(value));
  uint64_t old = 0;
  std::memcpy(&old, at, bytes);
  if ((how & 1) != 0) value = (how & 128) != 0 ? old - value : old + value;
  explain("%s at %" PRIu64 ": structure %u, field at %zu of %zu bytes: %" PRIu64 " becomes %" PRIu64 "\n",
          place.path.c_str(), place.offset, structure % static_cast<uint8_t>(Structure::kCount), field.offset,
          field.bytes, old, value);
  std::memcpy(at, &value, bytes);
}

void Edits::copy_sectors() {
  const Bytes* const from = file();
  Bytes* const to = file();
  if (from == nullptr || to == nullptr) return;
  const uint64_t source = number(1) % (from->size() / kSector + 1) * kSector;
  const uint64_t target = number(1) % (to->size() / kSector + 1) * kSector;
  uint64_t bytes = (byte() % 16 + 1) * kSector;
  bytes = std::min({bytes, from->size() - std::min<uint64_t>(source, from->size()),
                    to->size() - std::min<uint64_t>(target, to->size())});
  explain("copy %" PRIu64 " bytes from %" PRIu64 " to %" PRIu64 "\n", bytes, source, target);
  if (bytes > 0) std::memmove(to->data() + target, from->data() + source, bytes);
}

void Edits::cut() {
  Bytes* const target = file();
  if (target == nullptr) return;
  target->resize(offset_in(*target));
  explain("cut to %zu bytes\n", target->size());
}

void Edits::swap_files() {
  Bytes* const one = file();
  Bytes* const other = file();
  explain("swap these\n");
  if (one != nullptr && other != nullptr) one->swap(*other);
}

void Edits::fill() {
  Bytes* const target = file();
  const uint8_t value = byte();
  const uint64_t bytes = (byte() % 32 + 1) * (kSector / 8);
  if (target == nullptr || target->empty()) return;
  const uint64_t from = offset_in(*target);
  explain("fill %" PRIu64 " bytes at %" PRIu64 " with %u\n", bytes, from, value);
  std::memset(target->data() + from, value, std::min<uint64_t>(bytes, target->size() - from));
}

void Edits::remove() {
  const std::string& path = base_->paths[byte() % base_->paths.size()];
  explain("remove %s\n", path.c_str());
  (void)files_.remove(path);
}

}  // namespace waldo::fuzz
