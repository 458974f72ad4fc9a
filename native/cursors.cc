#include "cursors.h"

#include <algorithm>
#include <cstring>

#include "two_copies.h"

namespace waldo {

namespace {

constexpr char kSuffix[] = ".cursor";

bool copy_valid(const CursorRecord& record, uint32_t copy) {
  return std::memcmp(record.magic, kCursorMagic, sizeof(kCursorMagic)) == 0 &&
         record.version == kFormatVersion && record.bytes == sizeof(CursorRecord) &&
         record.crc == crc_of(record) && record.generation % kCursorCopies == copy &&
         record.generation < kMaxGeneration && record.position <= kMaxSeqNo;
}

Status not_found(const std::string& name) {
  return Status::make(Code::kNotFound, "there is no cursor " + name);
}

}  // namespace

bool Cursors::name_valid(const std::string& name) {
  if (name.empty() || name.size() > kMaxCursorName) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

CursorRecord Cursors::record_of(uint64_t position, bool hold) const {
  CursorRecord record{};
  std::memcpy(record.magic, kCursorMagic, sizeof(record.magic));
  record.version = kFormatVersion;
  record.bytes = sizeof(CursorRecord);
  std::memcpy(record.ring_id, ring_id_.data(), ring_id_.size());
  record.position = position;
  record.flags = hold ? uint32_t{kCursorHolds} : 0;
  return record;
}

Status Cursors::lock(const std::string& name, std::unique_ptr<Lock>* lock) {
  Status locked = fs_.lock(lock_path_of(name), mode_, holder_, lock);
  if (locked.ok() || locked.error().code != Code::kLocked) return locked;
  Error error = locked.error();
  error.message = "cursor " + name + " of " + parent_ + " is in use by " + error.holder;
  return Status(std::move(error));
}

Status Cursors::open(const std::string& name, const bool* hold, uint64_t start, CursorState* state,
                     bool* created) {
  std::lock_guard<std::mutex> guard(mutex_);
  *created = false;
  bool made = false;
  WALDO_TRY(fs_.make_directory(directory_, directory_mode(mode_), &made));
  OpenCursor cursor;
  WALDO_TRY(lock(name, &cursor.lock));
  Status loaded = load_file(name, true, &cursor.file, &cursor.record, state);
  if (loaded.missing()) {
    WALDO_TRY(scan());
    if (scanned_.size() >= kMaxCursors) {
      return Status::make(Code::kExceedsLimit, "the ring has " + std::to_string(scanned_.size()) +
                                                   " cursors; the limit is " + std::to_string(kMaxCursors));
    }
    WALDO_TRY((create_copies<kCursorCopies, kCursorCopyStride>(fs_, directory_, name + kSuffix, mode_,
                                                               record_of(start, hold != nullptr && *hold))));
    *created = true;
    loaded = load_file(name, true, &cursor.file, &cursor.record, state);
  }
  WALDO_TRY(loaded);
  if (state->damaged) {
    return Status::corrupt("cursor " + name + " is damaged: its position is lost; delete it to go on",
                           std::nullopt, path_of(name));
  }
  if (state->foreign) {
    return Status::make(Code::kCursor, "cursor " + name + " belongs to another ring than " + parent_);
  }
  // What was found may be in memory only, names as well, after a kill or a failed write.
  WALDO_TRY(fs_.sync_directory(directory_));
  WALDO_TRY(fs_.sync_directory(parent_));
  WALDO_TRY(cursor.file->sync());  // before the other copy is written
  CursorRecord next = cursor.record;
  if (hold != nullptr) next.flags = *hold ? uint32_t{kCursorHolds} : 0;
  WALDO_TRY(write(cursor, next));
  state->hold = (next.flags & kCursorHolds) != 0;
  open_[name] = std::move(cursor);
  scanned_at_ = {};
  return Status();
}

Status Cursors::load_file(const std::string& name, bool write, std::unique_ptr<File>* file,
                          CursorRecord* record, CursorState* state) const {
  *state = CursorState();
  state->name = name;
  OpenFlags flags;
  flags.write = flags.dsync = write;
  WALDO_TRY(fs_.open(path_of(name), flags, file));
  std::vector<uint8_t> bytes(kCursorCopies * kCursorCopyStride, 0);
  size_t got = 0;
  WALDO_TRY((*file)->read(0, bytes.data(), bytes.size(), &got));
  bool valid = false;
  for (uint32_t copy = 0; copy < kCursorCopies; ++copy) {
    const auto found = load<CursorRecord>(bytes.data() + copy * kCursorCopyStride);
    if (!copy_valid(found, copy) || (valid && found.generation < record->generation)) continue;
    valid = true;
    *record = found;
  }
  state->damaged = !valid;
  if (!valid) return Status();
  state->foreign = std::memcmp(record->ring_id, ring_id_.data(), ring_id_.size()) != 0;
  state->position = record->position;
  state->hold = (record->flags & kCursorHolds) != 0;
  return Status();
}

Status Cursors::write(OpenCursor& cursor, CursorRecord next) {
  next.generation = cursor.record.generation + 1;
  next.crc = crc_of(next);
  WALDO_TRY((write_copy<kCursorCopies, kCursorCopyStride>(*cursor.file, next)));
  cursor.record = next;
  return Status();
}

Status Cursors::commit(const std::string& name, uint64_t position) {
  std::lock_guard<std::mutex> guard(mutex_);
  const auto found = open_.find(name);
  if (found == open_.end()) return Status::make(Code::kClosed, "cursor " + name + " is closed");
  CursorRecord next = found->second.record;
  if (position <= next.position) return Status();
  next.position = position;
  WALDO_TRY(write(found->second, next));
  for (CursorState& state : scanned_) {
    if (state.name == name) state.position = position;
  }
  return Status();
}

void Cursors::close(const std::string& name) {
  std::lock_guard<std::mutex> guard(mutex_);
  open_.erase(name);
}

Status Cursors::remove(const std::string& name) {
  std::lock_guard<std::mutex> guard(mutex_);
  const auto found = open_.find(name);
  std::unique_ptr<Lock> taken;
  if (found == open_.end()) {
    OpenFlags flags;
    std::unique_ptr<File> file;
    const Status there = fs_.open(path_of(name), flags, &file);
    if (there.missing()) return not_found(name);
    WALDO_TRY(there);
    WALDO_TRY(lock(name, &taken));
  } else {
    taken = std::move(found->second.lock);
    open_.erase(found);
  }
  scanned_at_ = {};
  WALDO_TRY(fs_.remove(path_of(name)));
  WALDO_TRY(fs_.remove(lock_path_of(name)));
  return fs_.sync_directory(directory_);
}

Status Cursors::list(std::vector<CursorState>* states, std::chrono::milliseconds max_age) {
  std::lock_guard<std::mutex> guard(mutex_);
  const auto age = std::chrono::steady_clock::now() - scanned_at_;
  if (scanned_at_ == std::chrono::steady_clock::time_point{} || age >= max_age) WALDO_TRY(scan());
  *states = scanned_;
  return Status();
}

// A position that another process is writing can be seen before it is durable: pages must not be given up for it
// until it is.
Status Cursors::look_at(const std::string& name, CursorState* state) const {
  const auto found = open_.find(name);
  if (found != open_.end()) {
    const CursorRecord& record = found->second.record;
    *state = {name, record.position, (record.flags & kCursorHolds) != 0, false, false};
    return Status();
  }
  std::unique_ptr<File> file;
  CursorRecord record{};
  WALDO_TRY(load_file(name, false, &file, &record, state));
  const bool known = std::any_of(scanned_.begin(), scanned_.end(), [state](const CursorState& before) {
    return before.name == state->name && before.position == state->position;
  });
  return state->hold && !known ? file->sync() : Status();
}

Status Cursors::scan() {
  std::vector<std::string> names;
  Status listed = fs_.list(directory_, &names);
  if (listed.missing()) listed = Status();
  WALDO_TRY(listed);
  std::sort(names.begin(), names.end());
  std::vector<CursorState> states;
  for (const std::string& file_name : names) {
    const size_t length = sizeof(kSuffix) - 1;
    if (file_name.size() <= length || file_name.compare(file_name.size() - length, length, kSuffix) != 0)
      continue;
    const std::string name = file_name.substr(0, file_name.size() - length);
    if (!name_valid(name)) continue;
    CursorState state;
    const Status looked = look_at(name, &state);
    if (looked.missing()) continue;  // deleted meanwhile
    WALDO_TRY(looked);
    states.push_back(std::move(state));
  }
  scanned_ = std::move(states);
  scanned_at_ = std::chrono::steady_clock::now();
  return Status();
}

}  // namespace waldo
