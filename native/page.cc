#include "page.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "two_copies.h"

namespace waldo {

std::string page_file_name(uint32_t slot) {
  char name[32];
  std::snprintf(name, sizeof(name), "%010" PRIu32 ".page", slot);
  return name;
}

Status write_zeros(File& file, uint64_t offset, uint64_t bytes) {
  constexpr uint64_t kPiece = 1024 * 1024;
  std::unique_ptr<Slab> zeros;
  WALDO_TRY(map_buffer(std::min(bytes, kPiece), &zeros));
  for (uint64_t at = 0; at < bytes; at += kPiece) {
    WALDO_TRY(file.write(offset + at, zeros->data(), std::min(kPiece, bytes - at)));
  }
  return Status();
}

Status Page::create(FileSystem& fs, const std::string& directory, const Geometry& geometry, uint32_t slot,
                    const OpenFlags& flags) {
  const std::string path = directory + "/" + page_file_name(slot);
  const std::string temporary = path + ".tmp";
  WALDO_TRY(fs.remove(temporary));
  OpenFlags create = flags;
  create.write = create.create = true;
  create.dsync = false;
  std::unique_ptr<File> file;
  WALDO_TRY(fs.open(temporary, create, &file));
  Status status = file->allocate(geometry.file_bytes());
  if (status.ok()) status = write_zeros(*file, 0, kPageDataOffset);
  if (status.ok())
    status = write_zeros(*file, geometry.index_offset(), geometry.file_bytes() - geometry.index_offset());
  if (status.ok()) status = file->sync();
  file.reset();
  if (!status.ok()) {
    (void)fs.remove(temporary);  // gives its blocks back; a left-over is removed by the next attempt
    return status;
  }
  WALDO_TRY(fs.rename(temporary, path));
  return fs.sync_directory(directory);
}

Status Page::open(FileSystem& fs, const std::string& directory, const OpenFlags& flags) {
  return fs.open(directory + "/" + page_file_name(slot_), flags, &file_);
}

namespace {
bool all_zero(const uint8_t* bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

bool header_sound(const PageHeader& header) {
  return header.magic == kPageMagic && header.version == kFormatVersion &&
         header.bytes == sizeof(PageHeader) && header.generation < kMaxGeneration &&
         header.crc == crc_of(header);
}
}  // namespace

Status Page::read_headers(HeaderCheck* check) {
  *check = HeaderCheck();
  std::unique_ptr<Slab> buffer;
  WALDO_TRY(map_buffer(kPageDataOffset, &buffer));
  size_t got = 0;
  WALDO_TRY(file_->read(0, buffer->data(), kPageDataOffset, &got));
  uint32_t blank = 0;
  for (uint32_t copy = 0; copy < kPageHeaderCopies; ++copy) {
    const uint8_t* const bytes = buffer->data() + copy * kPageHeaderCopyStride;
    const auto header = load<PageHeader>(bytes);
    if (all_zero(bytes, sizeof(PageHeader))) {
      ++blank;
    } else if (!header_sound(header) || header.generation % kPageHeaderCopies != copy) {
      check->copy_damaged = true;
    } else if (std::memcmp(header.ring_id, geometry_.ring_id.data(), geometry_.ring_id.size()) != 0 ||
               header.page_no % geometry_.ring_size != slot_ ||
               header.page_no >= UINT64_MAX / geometry_.file_capacity ||
               header.end_offset > geometry_.file_capacity || header.end_offset % geometry_.alignment != 0 ||
               header.index_count > geometry_.index_capacity || header.last_seq_no > kMaxSeqNo ||
               header.prev_seq_no > header.last_seq_no) {
      check->foreign = true;
    } else {
      check->alone = !check->valid;
      if (check->valid && header.generation <= check->header.generation) continue;
      check->valid = true;
      check->header = header;
    }
  }
  check->blank = blank == kPageHeaderCopies;
  if (check->valid) generation_ = check->header.generation;
  return Status();
}

void Page::adopt(const PageHeader& header) {
  state_.used = true;
  state_.flags = header.flags & ~kPageClean;
  state_.page_no = header.page_no;
  state_.prev_seq_no = header.prev_seq_no;
  state_.last_seq_no = header.last_seq_no;
  state_.end_offset = header.end_offset;
  state_.log_count = header.log_count;
  state_.frame_count = header.frame_count;
  state_.prev_frame_crc = header.prev_frame_crc;
  state_.last_frame_crc = header.last_frame_crc;
  persisted_offset_ = header.end_offset;
  index_.clear();
  index_persisted_ = 0;
}

Status Page::load_index(const PageHeader& header, bool* valid) {
  *valid = false;
  const uint64_t bytes = align_up(uint64_t{header.index_count} * sizeof(IndexEntry), kMaxAlignment);
  if (bytes == 0) {
    *valid = true;
    return Status();
  }
  std::unique_ptr<Slab> buffer;
  WALDO_TRY(map_buffer(bytes, &buffer));
  size_t got = 0;
  WALDO_TRY(file_->read(geometry_.index_offset(), buffer->data(), bytes, &got));
  const size_t wanted = header.index_count * sizeof(IndexEntry);
  if (got < wanted || crc32c(0, buffer->data(), wanted) != header.index_crc) return Status();
  *valid =
      index_.load(reinterpret_cast<const IndexEntry*>(buffer->data()), header.index_count, header.end_offset);
  if (*valid) index_persisted_ = header.index_count;
  return Status();
}

void Page::reset(uint64_t page_no, uint64_t prev_seq_no, uint32_t prev_frame_crc) {
  state_ = PageState();
  state_.used = true;
  state_.page_no = page_no;
  state_.prev_seq_no = state_.last_seq_no = prev_seq_no;
  state_.prev_frame_crc = state_.last_frame_crc = prev_frame_crc;
  persisted_offset_ = 0;
  index_.clear();
  index_persisted_ = 0;
}

void Page::add_frame(uint64_t offset, const FrameHeader& header) {
  const uint64_t padded = align_up(header.frame_bytes, geometry_.alignment);
  // The very first log of a ring may follow any number.
  if (state_.page_no == 0 && offset == 0) state_.prev_seq_no = header.prev_seq_no;
  index_.add(header.first_seq_no, offset, padded, header.log_count);
  state_.end_offset = offset + padded;
  state_.last_seq_no = header.last_seq_no;
  state_.log_count += header.log_count;
  state_.frame_count += 1;
  state_.last_frame_crc = header.header_crc;
}

Status Page::persist_index() {
  if (index_persisted_ == index_.size()) return Status();
  // Whole sectors: those of the new entries, and what the first of them already held.
  const uint64_t from = index_persisted_ * sizeof(IndexEntry) / geometry_.alignment * geometry_.alignment;
  const uint64_t to = index_.size() * sizeof(IndexEntry);
  std::unique_ptr<Slab> buffer;
  WALDO_TRY(map_buffer(align_up(to - from, geometry_.alignment), &buffer));
  std::memcpy(buffer->data(), reinterpret_cast<const uint8_t*>(index_.data()) + from, to - from);
  WALDO_TRY(file_->write(geometry_.index_offset() + from, buffer->data(),
                         align_up(to - from, geometry_.alignment)));
  index_persisted_ = index_.size();
  return Status();
}

Status Page::persist(uint32_t extra_flags, uint64_t epoch) {
  WALDO_TRY(check_generation(generation_ + 1, file_->path()));
  WALDO_TRY(persist_index());
  PageHeader header{};
  header.magic = kPageMagic;
  header.version = kFormatVersion;
  header.bytes = sizeof(PageHeader);
  header.flags = state_.flags | extra_flags;
  std::memcpy(header.ring_id, geometry_.ring_id.data(), geometry_.ring_id.size());
  header.page_no = state_.page_no;
  header.generation = generation_ + 1;
  header.epoch = epoch;
  header.prev_seq_no = state_.prev_seq_no;
  header.prev_frame_crc = state_.prev_frame_crc;
  header.last_frame_crc = state_.last_frame_crc;
  header.end_offset = state_.end_offset;
  header.last_seq_no = state_.last_seq_no;
  header.log_count = state_.log_count;
  header.frame_count = state_.frame_count;
  header.index_count = static_cast<uint32_t>(index_.size());
  header.index_crc = index_.crc();
  header.crc = crc_of(header);
  std::unique_ptr<Slab> buffer;
  WALDO_TRY(map_buffer(kPageHeaderCopyStride, &buffer));
  std::memcpy(buffer->data(), &header, sizeof(header));
  WALDO_TRY(file_->write(header.generation % kPageHeaderCopies * kPageHeaderCopyStride, buffer->data(),
                         kPageHeaderCopyStride));
  generation_ = header.generation;
  persisted_offset_ = state_.end_offset;
  return Status();
}

}  // namespace waldo
