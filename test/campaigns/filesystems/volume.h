// A filesystem on a BlockDevice, in a mount namespace of this process: whatever happens to the process,
// nothing stays mounted, attached or behind in a folder.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "block_device.h"

namespace waldo::test {

// The filesystem does not come back from what is on the device.
struct MountRefused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Unless it is there.
void make_folder(const std::string& path);

// Once a process, before it has threads: its own mounts, below an empty folder.
std::string enter_own_namespace();

class Volume {
 public:
  // `type`: ext4, xfs or btrfs. `options`: of mount -o, those that the filesystem itself knows.
  Volume(const std::string& home, const std::string& type, const std::string& options = "");
  ~Volume();
  Volume(const Volume&) = delete;
  Volume& operator=(const Volume&) = delete;

  BlockDevice& device() { return *device_; }
  const std::string& type() const { return type_; }
  const std::string& directory() const { return directory_; }  // where it is mounted
  std::string ring() const { return directory_ + "/ring"; }

  void format();
  // Throws MountRefused.
  void mount(bool read_only = false);
  void unmount();

 private:
  class Loop;

  const std::string home_;
  const std::string type_;
  const std::string options_;
  const std::string directory_;
  std::unique_ptr<BlockDevice> device_;
  bool mounted_ = false;
};

}  // namespace waldo::test
