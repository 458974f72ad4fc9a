// Opening a ring: locking, creating, recovering, and making durable what was recovered.
#include <algorithm>
#include <cerrno>
#include <cinttypes>

#include "ring.h"
#include "tail_copy.h"

namespace waldo {

namespace {

constexpr uint64_t kMaxCachePage = 64 * 1024;  // what the page cache drops is whole pages of its own

Status option_conflict(const char* option, uint64_t ring, uint64_t given) {
  return Status::option(option, std::string("the ring was created with ") + option + " " +
                                    std::to_string(ring) + "; " + std::to_string(given) + " was given");
}

Geometry geometry_of(const Superblock& block, IndexSpacing spacing) {
  Geometry geometry;
  std::memcpy(geometry.ring_id.data(), block.ring_id, sizeof(block.ring_id));
  geometry.ring_size = block.ring_size;
  geometry.alignment = block.alignment;
  geometry.file_capacity = block.file_capacity;
  geometry.index_capacity = block.index_capacity;
  geometry.spacing = spacing;
  return geometry;
}

}  // namespace

Status Ring::open(FileSystem& fs, const std::string& directory, const RingOptions& options,
                  std::unique_ptr<Ring>* ring) {
  std::unique_ptr<Ring> opened(new Ring(fs, directory, options));
  if (options.read_only) {
    WALDO_TRY(opened->open_read_only());
  } else {
    WALDO_TRY(opened->open_files());
    WALDO_TRY(opened->recover());
  }
  *ring = std::move(opened);
  return Status();
}

OpenFlags Ring::page_flags(bool dsync) const {
  OpenFlags flags;
  flags.write = !options_.read_only;
  flags.dsync = dsync && flags.write;
  flags.direct = direct_;
  flags.mode = options_.mode;
  return flags;
}

Status Ring::open_files() {
  bool made = false;
  WALDO_TRY(fs_.make_directory(directory_, directory_mode(options_.mode), &made));
  WALDO_TRY(fs_.lock(directory_ + "/LOCK", options_.mode, options_.holder, &lock_));
  bool healed = false;
  Status found = SuperblockFile::open(fs_, directory_, true, &superblock_, &healed);
  Probe probe;
  WALDO_TRY(fs_.probe(directory_, options_.mode, &probe));
  if (probe.network && !options_.allow_network) {
    return Status::option(
        "allowNetworkFilesystem",
        directory_ + " is on a network filesystem (" + probe.type +
            "), whose locks and syncs cannot be relied upon; allowNetworkFilesystem overrides this");
  }
  direct_ = options_.direct == DirectIo::kOn || (options_.direct == DirectIo::kAuto && probe.direct);
  if (direct_ && !probe.direct) {
    return Status::option("directIo", "directIo is true, but the filesystem of " + directory_ + " (" +
                                          probe.type + ") does not take O_DIRECT");
  }
  if (!found.ok() && found.error().code == Code::kNotFound) {
    if (options_.alignment == 0) options_.alignment = probe.alignment;
    WALDO_TRY(create());
    report_.outcome = RecoveryReport::Outcome::kCreated;
  } else {
    WALDO_TRY(found);
    if (healed) report_.healed.push_back("RING: one copy of the superblock was damaged");
  }
  WALDO_TRY(adopt_geometry());
  WALDO_TRY(sync_names(made));
  head_writer_ = std::make_unique<HeadWriter>(fs_, directory_, geometry_.ring_id, options_.mode);
  publish(kHeadOpening);
  return open_pages();
}

// Whoever made the files may have been killed before their names were durable.
Status Ring::sync_names(bool made) {
  WALDO_TRY(fs_.sync_directory(directory_));
  const size_t slash = directory_.find_last_of('/');
  const Status synced = fs_.sync_directory(slash == std::string::npos ? "."
                                           : slash == 0               ? "/"
                                                                      : directory_.substr(0, slash));
  // A directory that somebody with other rights made for the ring is theirs to make durable.
  const bool theirs = !made && !synced.ok() && synced.error().sys_errno == EACCES;
  return theirs ? Status() : synced;
}

Status Ring::open_pages() {
  pages_.clear();
  for (uint32_t slot = 0; slot < geometry_.ring_size; ++slot) {
    pages_.push_back(std::make_shared<Page>(geometry_, slot));
    Status opened = pages_.back()->open(fs_, directory_, page_flags(options_.dsync));
    if (!opened.ok() && !opened.missing()) return opened;
  }
  return Status();
}

// Page 0 first, RING last: where there is a RING there is a page 0, and a RING that is missing beside pages
// is a loss.
Status Ring::create() {
  bool fresh = false;
  WALDO_TRY(check_unfinished_creation(&fresh));
  if (!fresh)
    return Status::corrupt("RING is missing in " + directory_ + ", though there are pages", std::nullopt,
                           directory_ + "/RING");
  Superblock block{};
  std::memcpy(block.magic, kSuperblockMagic, sizeof(block.magic));
  block.version = kFormatVersion;
  block.bytes = sizeof(Superblock);
  std::memcpy(block.ring_id, options_.ring_id.data(), options_.ring_id.size());
  block.ring_size = options_.ring_size;
  block.alignment = options_.alignment;
  block.file_capacity = options_.file_capacity;
  block.index_capacity = options_.index_capacity;
  block.max_frame_bytes = options_.buf_capacity;
  geometry_ = geometry_of(block, options_.index_spacing);
  WALDO_TRY(fs_.remove(directory_ + "/" + page_file_name(0)));
  WALDO_TRY(Page::create(fs_, directory_, geometry_, 0, page_flags(false)));
  Page first(geometry_, 0);
  WALDO_TRY(first.open(fs_, directory_, page_flags(true)));
  first.reset(0, 0, 0);
  WALDO_TRY(first.persist(kPageClean, 0));
  WALDO_TRY(SuperblockFile::create(fs_, directory_, block, options_.mode));
  bool healed = false;
  return SuperblockFile::open(fs_, directory_, true, &superblock_, &healed);
}

// A creation that was cut short leaves at most page 0, without a frame.
Status Ring::check_unfinished_creation(bool* fresh) {
  std::vector<std::string> names;
  WALDO_TRY(fs_.list(directory_, &names));
  *fresh = true;
  for (const std::string& name : names) {
    const bool page = name.size() > 5 && name.compare(name.size() - 5, 5, ".page") == 0;
    if (page && name != page_file_name(0)) *fresh = false;
    if (!page || !*fresh) continue;
    std::unique_ptr<File> file;
    OpenFlags flags;
    WALDO_TRY(fs_.open(directory_ + "/" + name, flags, &file));
    uint32_t magic = 0;
    size_t got = 0;
    WALDO_TRY(file->read(kPageDataOffset, &magic, sizeof(magic), &got));
    if (got == sizeof(magic) && magic == kFrameMagic) *fresh = false;
  }
  return Status();
}

// The ring's own geometry counts; what the caller asked for by name must agree with it.
Status Ring::adopt_geometry() {
  const Superblock& block = superblock_->superblock();
  const RingOptions::Given& given = options_.given;
  if (given.ring_size && options_.ring_size != block.ring_size)
    return option_conflict("ringSize", block.ring_size, options_.ring_size);
  if (given.file_capacity && options_.file_capacity != block.file_capacity) {
    return option_conflict("fileCapacity", block.file_capacity, options_.file_capacity);
  }
  if (given.index_capacity && options_.index_capacity != block.index_capacity) {
    return option_conflict("indexCapacity", block.index_capacity, options_.index_capacity);
  }
  if (given.alignment && options_.alignment != block.alignment)
    return option_conflict("alignment", block.alignment, options_.alignment);
  if (options_.buf_capacity > block.file_capacity) {
    if (given.buf_capacity) {
      return Status::option("bufCapacity", "bufCapacity " + std::to_string(options_.buf_capacity) +
                                               " is more than the ring's fileCapacity " +
                                               std::to_string(block.file_capacity));
    }
    options_.buf_capacity = static_cast<uint32_t>(block.file_capacity);
  }
  if (!given.index_sparse_bytes) {
    options_.index_spacing.bytes = std::min<uint64_t>(options_.index_spacing.bytes, options_.buf_capacity);
  }
  options_.ring_size = block.ring_size;
  options_.file_capacity = block.file_capacity;
  options_.index_capacity = block.index_capacity;
  options_.alignment = block.alignment;
  geometry_ = geometry_of(block, options_.index_spacing);
  max_frame_bytes_ = block.max_frame_bytes;
  cursors_ = std::make_unique<Cursors>(fs_, directory_, geometry_.ring_id, options_.mode, options_.holder);
  return Status();
}

Status Ring::recover() {
  if (!options_.read_only)
    WALDO_TRY(restore_tail_copy(fs_, directory_, pages_, options_.mode, &tail_copied_));
  RecoveryPlan plan;
  WALDO_TRY(Recovery(pages_, geometry_, max_frame_bytes_, options_.salvage).run(&plan));
  const bool created = report_.outcome == RecoveryReport::Outcome::kCreated;
  for (const std::string& note : report_.healed) plan.report.healed.push_back(note);
  report_ = plan.report;
  if (created) report_.outcome = RecoveryReport::Outcome::kCreated;
  current_slot_ = plan.newest_slot;
  if (options_.read_only) {
    epoch_ = std::max(plan.max_epoch, superblock_->superblock().epoch);
    return sync_tail_read_only();
  }
  WALDO_TRY(start_epoch(std::max(plan.max_epoch, superblock_->superblock().epoch)));
  WALDO_TRY(carry_out(plan));
  const PageState& state = current().state();
  synced_seq_no_ = state.last_seq_no;
  preparer_ = std::make_unique<Preparer>(fs_, directory_, geometry_, page_flags(false), options_.background);
  preparer_->request(current_slot_, state.end_offset);
  preparer_->request((current_slot_ + 1) % geometry_.ring_size,
                     pages_[(current_slot_ + 1) % geometry_.ring_size]->state().end_offset);
  publish(kHeadLive);
  return Status();
}

// The epoch is on disk before anything is written under it. The counter orders opens; the random half keeps
// two of them apart even if a counter came twice.
Status Ring::start_epoch(uint64_t max_epoch) {
  const uint64_t counter = (max_epoch >> 32) + 1;
  if (counter > UINT32_MAX)
    return Status::make(Code::kExceedsLimit, "the ring was opened 4,294,967,295 times; no epoch is left");
  uint32_t salt = 0;
  WALDO_TRY(fs_.random(&salt, sizeof(salt)));
  epoch_ = counter << 32 | salt;
  max_frame_bytes_ = std::max(max_frame_bytes_, options_.buf_capacity);
  return superblock_->update(epoch_, max_frame_bytes_);
}

Status Ring::carry_out(const RecoveryPlan& plan) {
  for (uint32_t slot : plan.recreate) {
    Page& page = *pages_[slot];
    // In the old one's place at once: a page that is missing for a moment would be one lost if that moment is the last.
    WALDO_TRY(Page::create(fs_, directory_, geometry_, slot, page_flags(false)));
    WALDO_TRY(page.open(fs_, directory_, page_flags(options_.dsync)));
  }
  for (uint32_t slot : plan.extend) WALDO_TRY(pages_[slot]->file().allocate(geometry_.file_bytes()));
  Page& newest = current();
  WALDO_TRY(settle_tail(newest, plan.settle_from));
  if (!direct_) WALDO_TRY(drop_failed_writes(newest));
  for (const auto& [slot, offset] : plan.erase) {
    WALDO_TRY(write_zeros(pages_[slot]->file(), kPageDataOffset + offset, geometry_.alignment));
  }
  std::vector<uint32_t> persist = plan.persist;
  persist.push_back(newest.slot());
  std::sort(persist.begin(), persist.end());
  persist.erase(std::unique(persist.begin(), persist.end()), persist.end());
  for (uint32_t slot : persist) {
    // The copy that was found may be in memory only: until it is durable, the other one must stay.
    WALDO_TRY(pages_[slot]->file().sync());
    WALDO_TRY(this->persist(*pages_[slot], 0));
  }
  return tail_copied_ ? remove_tail_copy(fs_, directory_) : Status();
}

// What was recovered may be in memory only, after a kill or a failed write: it is made durable before it is
// served. What a direct read returned is on the device, whose cache a sync empties. Through the page cache
// nothing less than writing again will do: a sync alone may pass over pages whose write failed. They are dropped before:
// ext4 has forgotten that it never wrote their blocks, and would not make a note of it, so that what was written
// again would read as zeros once the cache is gone.
Status Ring::settle_tail(Page& page, uint64_t from) {
  const uint64_t end = page.state().end_offset;
  if (from >= end || !page.is_open()) return Status();
  if (!direct_) {
    // Acknowledged logs may be among them, whom a power loss in the middle must not hurt.
    tail_copied_ = tail_copied_ || options_.dsync;
    if (options_.dsync) WALDO_TRY(write_tail_copy(fs_, directory_, page, from, options_.mode));
    WALDO_TRY(page.file().sync());  // what is dirty cannot be dropped
    WALDO_TRY(rewrite(page.file(), from, end));
    report_.rewritten_bytes = end - from;
  }
  return page.file().sync();
}

// Zeros, or torn frames, whose write failed lie behind the tip and in the page that was being made ready: what is
// appended there must not share the fate of what is dropped by settle_tail().
Status Ring::drop_failed_writes(Page& newest) {
  if (newest.is_open()) {
    WALDO_TRY(newest.file().sync());
    newest.file().drop_cache(0, kPageDataOffset);
    newest.file().drop_cache(kPageDataOffset + newest.state().end_offset, geometry_.file_bytes());
  }
  Page& next = *pages_[(newest.slot() + 1) % geometry_.ring_size];
  // Without `dsync`, logs of the lap before may be in the cache only.
  if (!next.is_open() || (next.state().used && !options_.dsync)) return Status();
  WALDO_TRY(next.file().sync());
  next.file().drop_cache(0, geometry_.file_bytes());
  return Status();
}

// Through the page cache. Pieces end with pages of the cache: what is dropped with one has been written, or was read.
Status Ring::rewrite(File& file, uint64_t from, uint64_t end) {
  constexpr uint64_t kPiece = 1024 * 1024;
  std::unique_ptr<Slab> buffer;
  WALDO_TRY(map_buffer(kPiece, &buffer));
  const uint64_t file_end = kPageDataOffset + end;
  for (uint64_t at = kPageDataOffset + from; at < file_end;) {
    const uint64_t first_page = at / kMaxCachePage * kMaxCachePage;
    const uint64_t next = std::min(first_page + kPiece, file_end);
    size_t got = 0;
    WALDO_TRY(file.read(at, buffer->data(), next - at, &got));
    if (got < next - at) return Status();  // a page cut short ends here
    file.drop_cache(first_page, align_up(next, kMaxCachePage) - first_page);
    WALDO_TRY(file.write(at, buffer->data(), next - at));
    at = next;
  }
  return Status();
}

// A reader cannot rewrite; it can see to it that what it serves is not in memory only.
Status Ring::sync_tail_read_only() {
  if (!current().is_open()) return Status();
  Status synced = current().file().sync();
  const bool cannot =
      !synced.ok() && (synced.error().sys_errno == EROFS || synced.error().sys_errno == EINVAL);
  return cannot ? Status() : synced;
}

}  // namespace waldo
