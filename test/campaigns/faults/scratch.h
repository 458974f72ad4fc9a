// A directory for real files, in memory where the system has such a place: they come and go by the ten thousand.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace waldo::faults {

class Scratch {
 public:
  Scratch() {
    const char* const given = getenv("WALDO_FAULT_SCRATCH");
    const bool memory = access("/dev/shm", W_OK) == 0;
    std::string pattern = given != nullptr ? given : memory ? "/dev/shm" : "/tmp";
    pattern += "/waldo-faults-XXXXXX";
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  bool valid() const { return !path_.empty(); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  // Puts a copy of the directory `from` in the place of `to`.
  static bool copy(const std::string& from, const std::string& to) {
    std::error_code error;
    std::filesystem::remove_all(to, error);
    if (!std::filesystem::exists(from)) return true;
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive, error);
    return !error;
  }

 private:
  std::string path_;
};

}  // namespace waldo::faults
