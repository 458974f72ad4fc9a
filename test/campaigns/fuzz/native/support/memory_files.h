// A FileSystem in memory that is filled anew for every input in microseconds. It never fails but for want of space:
// a forged geometry may ask for any. (What fails and what survives is the business of the simulator, test/native.)
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "file.h"

namespace waldo::fuzz {

using Bytes = std::vector<uint8_t>;
using Image = std::map<std::string, Bytes>;  // by path

class MemoryFiles final : public FileSystem {
 public:
  static constexpr uint64_t kMaxFileBytes = 512 * 1024;
  static constexpr uint64_t kMaxBytes = 4 * 1024 * 1024;

  // Holds these files and no others.
  void reset(const Image& image);
  Image image() const;
  Bytes* find(const std::string& path);  // null if it is not there
  Bytes& make(const std::string& path);
  // Somebody else holds the writer's lock.
  void set_locked(bool locked) { locked_ = locked; }
  void set_direct(bool direct) { direct_ = direct; }

  Status open(const std::string& path, const OpenFlags& flags, std::unique_ptr<File>* file) override;
  Status make_directory(const std::string& path, uint32_t mode, bool* created) override;
  Status list(const std::string& directory, std::vector<std::string>* names) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_directory(const std::string&) override { return Status(); }
  Status probe(const std::string& directory, uint32_t mode, Probe* probe) override;
  Status lock(const std::string& path, uint32_t mode, const std::string& description,
              std::unique_ptr<Lock>* lock) override;
  Status check_unlocked(const std::string& path) override;
  Status share(const std::string& path, bool write, uint32_t mode,
               std::unique_ptr<SharedMemory>* memory) override;
  Status random(void* buffer, size_t bytes) override;

  // Whether the file may become so long.
  bool fits(const Bytes& file, uint64_t bytes) const;

 private:
  std::map<std::string, std::shared_ptr<Bytes>> files_;
  bool locked_ = false;
  bool direct_ = true;
  uint32_t drawn_ = 0;
};

}  // namespace waldo::fuzz
