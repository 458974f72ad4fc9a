// Changes the bytes of page files behind an engine's back.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "page.h"

namespace waldo::test {

inline std::vector<uint8_t> file_bytes(const std::string& path) {
  std::vector<uint8_t> bytes;
  const int fd = ::open(path.c_str(), O_RDONLY);
  if (fd < 0) return bytes;
  bytes.resize(static_cast<size_t>(lseek(fd, 0, SEEK_END)));
  if (pread(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) bytes.clear();
  ::close(fd);
  return bytes;
}

inline bool write_bytes(const std::string& path, uint64_t offset, const void* data, size_t count) {
  const int fd = ::open(path.c_str(), O_RDWR);
  if (fd < 0) return false;
  const bool written = pwrite(fd, data, count, static_cast<off_t>(offset)) == static_cast<ssize_t>(count);
  ::close(fd);
  return written;
}

inline bool flip_bit(const std::string& path, uint64_t offset, int bit = 0) {
  const int fd = ::open(path.c_str(), O_RDWR);
  if (fd < 0) return false;
  uint8_t byte = 0;
  bool done = pread(fd, &byte, 1, static_cast<off_t>(offset)) == 1;
  byte = static_cast<uint8_t>(byte ^ 1u << bit);
  done = done && pwrite(fd, &byte, 1, static_cast<off_t>(offset)) == 1;
  ::close(fd);
  return done;
}

inline std::string page_path(const std::string& directory, uint32_t slot) {
  return directory + "/" + page_file_name(slot);
}

}  // namespace waldo::test
