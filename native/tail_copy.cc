#include "tail_copy.h"

namespace waldo {

namespace {

std::string copy_path(const std::string& directory) { return directory + "/TAIL"; }
std::string temporary_path(const std::string& directory) { return directory + "/TAIL.tmp"; }

uint32_t copy_crc(const TailCopyHeader& header, const uint8_t* frames) {
  return crc32c(crc_of(header), frames, header.frame_bytes);
}

// Whole and durable in the old one's place.
Status write_file(FileSystem& fs, const std::string& directory, const Slab& copy, uint64_t bytes,
                  uint32_t mode) {
  WALDO_TRY(fs.remove(temporary_path(directory)));
  OpenFlags flags;
  flags.write = flags.create = true;
  flags.mode = mode;
  std::unique_ptr<File> file;
  WALDO_TRY(fs.open(temporary_path(directory), flags, &file));
  WALDO_TRY(file->write(0, copy.data(), bytes));
  WALDO_TRY(file->sync());
  WALDO_TRY(fs.rename(temporary_path(directory), copy_path(directory)));
  return fs.sync_directory(directory);
}

}  // namespace

Status write_tail_copy(FileSystem& fs, const std::string& directory, const Page& page, uint64_t from,
                       uint32_t mode) {
  TailCopyHeader header{};
  std::memcpy(header.magic, kTailCopyMagic, sizeof(header.magic));
  header.version = kFormatVersion;
  header.bytes = sizeof(TailCopyHeader);
  std::memcpy(header.ring_id, page.geometry().ring_id.data(), sizeof(header.ring_id));
  header.page_no = page.state().page_no;
  header.offset = from;
  header.frame_bytes = page.state().end_offset - from;
  std::unique_ptr<Slab> buffer;
  WALDO_TRY(map_buffer(kTailCopyDataOffset + header.frame_bytes, &buffer));
  uint8_t* const frames = buffer->data() + kTailCopyDataOffset;
  size_t got = 0;
  WALDO_TRY(page.file().read(kPageDataOffset + from, frames, header.frame_bytes, &got));
  if (got < header.frame_bytes)
    return Status::corrupt("the newest page ends inside a frame", std::nullopt, page.file().path());
  header.crc = copy_crc(header, frames);
  std::memcpy(buffer->data(), &header, sizeof(header));
  return write_file(fs, directory, *buffer, kTailCopyDataOffset + header.frame_bytes, mode);
}

Status restore_tail_copy(FileSystem& fs, const std::string& directory,
                         std::vector<std::shared_ptr<Page>>& pages, uint32_t mode, bool* found) {
  *found = false;
  WALDO_TRY(fs.remove(temporary_path(directory)));
  std::unique_ptr<File> file;
  Status opened = fs.open(copy_path(directory), OpenFlags(), &file);
  if (opened.missing()) return Status();
  WALDO_TRY(opened);
  *found = true;
  uint64_t bytes = 0;
  WALDO_TRY(file->size(&bytes));
  const uint64_t most = kTailCopyDataOffset + pages.front()->geometry().file_capacity;
  if (bytes < kTailCopyDataOffset || bytes > most) return Status();
  std::unique_ptr<Slab> buffer;
  WALDO_TRY(map_buffer(bytes, &buffer));
  size_t got = 0;
  WALDO_TRY(file->read(0, buffer->data(), bytes, &got));
  const auto header = load<TailCopyHeader>(buffer->data());
  const Geometry& geometry = pages.front()->geometry();
  const bool sound = got == bytes && std::memcmp(header.magic, kTailCopyMagic, sizeof(header.magic)) == 0 &&
                     header.version == kFormatVersion && header.bytes == sizeof(TailCopyHeader) &&
                     std::memcmp(header.ring_id, geometry.ring_id.data(), geometry.ring_id.size()) == 0 &&
                     header.frame_bytes == bytes - kTailCopyDataOffset &&
                     header.offset <= geometry.file_capacity &&
                     header.frame_bytes <= geometry.file_capacity - header.offset &&
                     header.crc == copy_crc(header, buffer->data() + kTailCopyDataOffset);
  if (!sound) return Status();
  Page& page = *pages[header.page_no % geometry.ring_size];
  if (!page.is_open()) return Status();
  HeaderCheck check;
  WALDO_TRY(page.read_headers(&check));
  if (!check.valid || check.header.page_no != header.page_no) return Status();
  // It may be in memory only, after a kill or a failed write: then it could not serve a second time.
  WALDO_TRY(write_file(fs, directory, *buffer, bytes, mode));
  return page.file().write(kPageDataOffset + header.offset, buffer->data() + kTailCopyDataOffset,
                           header.frame_bytes);
}

Status remove_tail_copy(FileSystem& fs, const std::string& directory) {
  WALDO_TRY(fs.remove(copy_path(directory)));
  return fs.sync_directory(directory);
}

}  // namespace waldo
