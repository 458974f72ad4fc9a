// What the tests of SimFileSystem share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/sim_file_system.h"
#include "support/status_matchers.h"

namespace waldo {

class SimTest : public testing::Test {
 protected:
  static constexpr uint64_t kSector = SimFileSystem::kSectorBytes;
  static constexpr int kImages = 400;  // enough for every pattern of survival to turn up

  SimFileSystem fs{7};
  SimRng rng{11};

  std::unique_ptr<File> create(const std::string& path, bool dsync = false, bool direct = false) {
    OpenFlags flags;
    flags.write = flags.create = true;
    flags.dsync = dsync;
    flags.direct = direct;
    std::unique_ptr<File> file;
    EXPECT_OK(fs.open(path, flags, &file));
    return file;
  }

  // A file whose name and content of `sectors` sectors, all `fill`, are durable.
  std::unique_ptr<File> durable(const std::string& path, uint64_t sectors, char fill, bool dsync = false) {
    const auto file = create(path);
    EXPECT_OK(write(*file, 0, std::string(sectors * kSector, fill)));
    EXPECT_OK(file->sync());
    EXPECT_OK(fs.sync_directory("."));
    OpenFlags flags;
    flags.write = true;
    flags.dsync = dsync;
    std::unique_ptr<File> again;
    EXPECT_OK(fs.open(path, flags, &again));
    return again;
  }

  static Status write(File& file, uint64_t offset, const std::string& text) {
    return file.write(offset, text.data(), text.size());
  }

  static std::string content(const SimFileSystem& image, const std::string& path) {
    const std::vector<uint8_t> bytes = image.file_bytes(path);
    return std::string(bytes.begin(), bytes.end());
  }

  // The first byte of each sector; '#' for one that is not all the same byte.
  static std::string summary(const SimFileSystem& image, const std::string& path) {
    const std::string bytes = content(image, path);
    std::string out;
    for (uint64_t at = 0; at < bytes.size(); at += kSector) {
      const std::string sector = bytes.substr(at, kSector);
      out += sector.find_first_not_of(sector[0]) == std::string::npos ? sector[0] : '#';
    }
    return out;
  }
};

}  // namespace waldo
