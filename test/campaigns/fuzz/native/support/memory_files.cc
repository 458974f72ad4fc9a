#include "support/memory_files.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include "support/watched_slabs.h"

// Waiting for a writer that is part of the same input would only waste time.
extern "C" int nanosleep(const timespec*, timespec*) { return 0; }

namespace waldo::fuzz {

namespace {

class MemoryFile final : public File {
 public:
  MemoryFile(MemoryFiles& files, std::shared_ptr<Bytes> bytes, std::string path, bool write)
      : files_(files), bytes_(std::move(bytes)), path_(std::move(path)), write_(write) {}

  Status read(uint64_t offset, void* buffer, size_t bytes, size_t* got) override {
    *got = offset < bytes_->size() ? std::min<uint64_t>(bytes, bytes_->size() - offset) : 0;
    allow_read_into(buffer, bytes);
    if (*got > 0) std::memcpy(buffer, bytes_->data() + offset, *got);
    watch_what_was_read(buffer, *got);
    return Status();
  }

  Status write(uint64_t offset, const IoSlice* slices, size_t count) override {
    if (!write_) return Status::io(EBADF, "pwritev", path_);
    for (size_t i = 0; i < count; ++i) {
      WALDO_TRY(grow(offset + slices[i].bytes));
      std::memcpy(bytes_->data() + offset, slices[i].data, slices[i].bytes);
      offset += slices[i].bytes;
    }
    return Status();
  }

  Status sync() override { return Status(); }
  void drop_cache(uint64_t, uint64_t) override {}
  Status allocate(uint64_t bytes) override { return grow(bytes); }
  Status size(uint64_t* bytes) override {
    *bytes = bytes_->size();
    return Status();
  }
  Status next_hole(uint64_t, uint64_t* offset) override { return size(offset); }
  const std::string& path() const override { return path_; }

 private:
  Status grow(uint64_t bytes) {
    if (bytes <= bytes_->size()) return Status();
    if (!files_.fits(*bytes_, bytes)) return Status::io(ENOSPC, "pwritev", path_);
    bytes_->resize(bytes);
    return Status();
  }

  MemoryFiles& files_;
  const std::shared_ptr<Bytes> bytes_;
  const std::string path_;
  const bool write_;
};

class MemoryPage final : public SharedMemory {
 public:
  explicit MemoryPage(std::shared_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}

  bool intact() override { return bytes_->size() >= kBytes; }
  void store(const void* data, size_t bytes) override { std::memcpy(bytes_->data(), data, bytes); }
  void wake() override {}
  Status load(void* data, size_t bytes, size_t* got) override {
    *got = std::min(bytes, bytes_->size());
    if (*got > 0) std::memcpy(data, bytes_->data(), *got);
    return Status();
  }
  uint32_t word() override { return 0; }
  void wait(uint32_t, std::chrono::milliseconds) override {}
  void interrupt() override {}
  bool current() override { return true; }

 private:
  const std::shared_ptr<Bytes> bytes_;
};

}  // namespace

void MemoryFiles::reset(const Image& image) {
  auto file = files_.begin();
  for (const auto& [path, bytes] : image) {
    while (file != files_.end() && file->first < path) file = files_.erase(file);
    if (file == files_.end() || file->first != path) file = files_.emplace_hint(file, path, nullptr);
    if (!file->second || file->second.use_count() > 1) file->second = std::make_shared<Bytes>();
    file->second->assign(bytes.begin(), bytes.end());
    ++file;
  }
  files_.erase(file, files_.end());
  locked_ = false;
  direct_ = true;
  drawn_ = 0;
}

Image MemoryFiles::image() const {
  Image image;
  for (const auto& [path, bytes] : files_) image.emplace(path, *bytes);
  return image;
}

Bytes* MemoryFiles::find(const std::string& path) {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second.get();
}

Bytes& MemoryFiles::make(const std::string& path) {
  auto& file = files_[path];
  if (!file) file = std::make_shared<Bytes>();
  return *file;
}

bool MemoryFiles::fits(const Bytes& file, uint64_t bytes) const {
  if (bytes > kMaxFileBytes) return false;
  uint64_t sum = bytes - file.size();
  for (const auto& entry : files_) sum += entry.second->size();
  return sum <= kMaxBytes;
}

Status MemoryFiles::open(const std::string& path, const OpenFlags& flags, std::unique_ptr<File>* file) {
  auto found = files_.find(path);
  if (flags.create) {
    if (found != files_.end()) return Status::io(EEXIST, "open", path);
    found = files_.emplace(path, std::make_shared<Bytes>()).first;
  }
  if (found == files_.end()) return Status::io(ENOENT, "open", path);
  *file = std::make_unique<MemoryFile>(*this, found->second, path, flags.write);
  return Status();
}

Status MemoryFiles::make_directory(const std::string&, uint32_t, bool* created) {
  *created = false;
  return Status();
}

Status MemoryFiles::list(const std::string& directory, std::vector<std::string>* names) {
  names->clear();
  const std::string prefix = directory + "/";
  for (auto at = files_.lower_bound(prefix); at != files_.end() && at->first.rfind(prefix, 0) == 0; ++at) {
    names->push_back(at->first.substr(prefix.size()));
  }
  return Status();
}

Status MemoryFiles::rename(const std::string& from, const std::string& to) {
  const auto found = files_.find(from);
  if (found == files_.end()) return Status::io(ENOENT, "rename", from);
  files_[to] = found->second;
  files_.erase(found);
  return Status();
}

Status MemoryFiles::remove(const std::string& path) {
  files_.erase(path);
  return Status();
}

Status MemoryFiles::probe(const std::string&, uint32_t, Probe* probe) {
  *probe = {direct_, 512, false, "memory"};
  return Status();
}

Status MemoryFiles::lock(const std::string&, uint32_t, const std::string&, std::unique_ptr<Lock>* lock) {
  *lock = std::make_unique<Lock>();
  return Status();
}

Status MemoryFiles::check_unlocked(const std::string&) {
  return locked_ ? Status::make(Code::kLocked, "somebody else has it") : Status();
}

Status MemoryFiles::share(const std::string& path, bool write, uint32_t,
                          std::unique_ptr<SharedMemory>* memory) {
  auto found = files_.find(path);
  if (found == files_.end() && !write) return Status::io(ENOENT, "open", path);
  if (found == files_.end()) found = files_.emplace(path, std::make_shared<Bytes>()).first;
  if (write) found->second->resize(SharedMemory::kBytes);
  *memory = std::make_unique<MemoryPage>(found->second);
  return Status();
}

Status MemoryFiles::random(void* buffer, size_t bytes) {
  drawn_ += 0x9e3779b9;
  for (size_t i = 0; i < bytes; ++i)
    static_cast<uint8_t*>(buffer)[i] = static_cast<uint8_t>(drawn_ >> i % 4 * 8);
  return Status();
}

}  // namespace waldo::fuzz
