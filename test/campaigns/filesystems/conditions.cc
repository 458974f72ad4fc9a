// Filesystems that are full, read-only, or without O_DIRECT.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "cells.h"
#include "failure.h"
#include "life.h"
#include "volume.h"

namespace waldo::test {

namespace {

constexpr uint64_t kLaps = 3;

// Takes what room there is, down to the last block.
void fill_up(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) fail_with_errno("creating " + path);
  const std::vector<char> block(1024 * 1024, 'x');
  for (size_t bytes = block.size(); bytes >= 512;) {
    const ssize_t written = ::write(fd, block.data(), bytes);
    if (written < static_cast<ssize_t>(bytes)) bytes /= 2;
    if (written < 0 && errno != ENOSPC) fail_with_errno("filling the disk");
    // Metadata takes its own, later than the data.
    if (bytes < 512) fsync(fd);
  }
  ::close(fd);
}

LifeOptions life_options(DirectIo direct, uint64_t groups) {
  LifeOptions options;
  options.ring = small_ring();
  options.ring.alignment = 0;
  options.ring.direct = direct;
  options.groups = groups;
  return options;
}

const char* name_of(DirectIo direct) { return direct == DirectIo::kOn ? "direct" : "buffered"; }

// Laps on the full disk, on pages that were made before.
std::string go_round(const std::string& directory, const LifeOptions& options, Submitted* submitted) {
  RingDriver ring(posix_file_system(), directory, options.ring, submitted);
  Status status = ring.open();
  if (!status.ok()) return "open: " + status.error().message;
  const uint64_t page = ring.engine().ring().bounds().page;
  status = ring.fill_to_page(page + kLaps * options.ring.ring_size);
  if (!status.ok()) return status.error().message;
  const std::string wrong = ring.check();
  if (!wrong.empty()) return wrong;
  status = ring.close();
  return status.ok() ? "" : "close: " + status.error().message;
}

// Files made in it from then on are overwritten in place: chattr +C.
void make_folder_without_copy_on_write(const std::string& path) {
  int flags = FS_NOCOW_FL;
  make_folder(path);
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || ioctl(fd, FS_IOC_SETFLAGS, &flags) != 0) fail_with_errno("chattr +C " + path);
  ::close(fd);
}

std::string refused_without_room(Volume& volume, const LifeOptions& options, SimRng& rng) {
  Life life(volume.ring(), options, Expected(), &volume.device());
  const std::string wrong = life.run(rng, true);
  if (!wrong.empty()) return wrong;
  if (!life.failure()) return "a ring was made on a full disk";
  return life.failure()->sys_errno == ENOSPC ? "" : "no clear error: " + life.failure()->message;
}

void make_room(Volume& volume, const std::string& filler) {
  if (unlink(filler.c_str()) != 0) fail_with_errno("unlink");
  const int fd = ::open(volume.directory().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || syncfs(fd) != 0) fail_with_errno("syncfs");  // the room is there once that is durable
  ::close(fd);
}

std::string full_disk_with(Volume& volume, DirectIo direct, SimRng& rng) {
  volume.format();
  volume.mount();
  const std::string filler = volume.directory() + "/filler";
  const LifeOptions options = life_options(direct, 0);
  fill_up(filler);
  std::string wrong = refused_without_room(volume, options, rng);
  if (!wrong.empty()) return wrong;
  make_room(volume, filler);

  if (volume.type() == "btrfs") make_folder_without_copy_on_write(volume.ring());
  Submitted submitted;
  wrong = go_round(volume.ring(), options, &submitted);  // every page is there
  if (!wrong.empty()) return "with room: " + wrong;
  fill_up(filler);
  wrong = go_round(volume.ring(), options, &submitted);
  if (!wrong.empty()) return "on the full disk: " + wrong;
  volume.unmount();
  volume.mount();
  make_room(volume, filler);
  wrong = go_round(volume.ring(), options, &submitted);
  if (!wrong.empty()) return "afterwards: " + wrong;
  volume.unmount();
  return "";
}

// Where overwriting takes room, an append may fail: with a clear error, and without loss.
std::string full_disk_copying_with(Volume& volume, DirectIo direct, SimRng& rng) {
  volume.format();
  volume.mount();
  const std::string filler = volume.directory() + "/filler";
  const LifeOptions options = life_options(direct, 200);
  Life before(volume.ring(), options, Expected(), &volume.device());
  std::string wrong = before.run(rng);
  if (!wrong.empty()) return "with room: " + wrong;
  fill_up(filler);
  Life full(volume.ring(), options, before.expected_after(), &volume.device());
  wrong = full.run(rng, true);
  if (!wrong.empty()) return "on the full disk: " + wrong;
  if (full.failure() && full.failure()->sys_errno != ENOSPC)
    return "no clear error: " + full.failure()->message;
  make_room(volume, filler);
  Life after(volume.ring(), options, full.expected_after(), &volume.device());
  wrong = after.run(rng);
  volume.unmount();
  return wrong.empty() ? "" : "afterwards: " + wrong;
}

// "" if a writer is refused in just this way.
std::string refusal(const std::string& directory, const RingOptions& options, Code code, int sys_errno) {
  RingDriver ring(posix_file_system(), directory, options);
  const Status status = ring.open();
  if (status.ok()) return "open succeeded";
  const Error& error = status.error();
  return error.code == code && error.sys_errno == sys_errno ? "" : "no clear error: " + error.message;
}

std::string read_only_with(Volume& volume, DirectIo direct, SimRng& rng) {
  volume.format();
  volume.mount();
  Life before(volume.ring(), life_options(direct, 200), Expected(), &volume.device());
  std::string wrong = before.run(rng);
  if (!wrong.empty()) return wrong;
  volume.unmount();

  volume.mount(true);
  const uint64_t writes = volume.device().writes();  // XFS writes while it is mounted and unmounted
  const RingOptions options = life_options(direct, 0).ring;
  wrong = refusal(volume.ring(), options, Code::kIo, EROFS);
  if (!wrong.empty()) return "a writer: " + wrong;
  RingOptions reading = options;
  reading.read_only = true;
  Submitted submitted = before.expected_after().submitted;
  {
    RingDriver reader(posix_file_system(), volume.ring(), reading, &submitted);
    const Status status = reader.open();
    if (!status.ok()) return "a reader: " + status.error().message;
    if (reader.tip() != submitted.acknowledged) return "a reader ends at " + std::to_string(reader.tip());
    wrong = reader.check();
    if (!wrong.empty()) return "a reader: " + wrong;
  }
  if (volume.device().writes() != writes) return "something was written";
  volume.unmount();

  volume.mount();
  Life after(volume.ring(), life_options(direct, 10), before.expected_after(), &volume.device());
  wrong = after.run(rng);
  volume.unmount();
  return wrong.empty() ? "" : "afterwards: " + wrong;
}

CellResult both(const CellOptions& options, std::string (*cell)(Volume&, DirectIo, SimRng&),
                const char* figures) {
  SimRng rng(options.seed);
  for (const DirectIo direct : {DirectIo::kOn, DirectIo::kOff}) {
    Volume volume(options.home, options.filesystem);
    const std::string wrong = cell(volume, direct, rng);
    if (!wrong.empty()) return {std::string(name_of(direct)) + ": " + wrong, ""};
  }
  return {"", figures};
}

}  // namespace

CellResult full_disk(const CellOptions& options) {
  constexpr char kInPlace[] = "direct and buffered: not made without room, 3 laps on the full disk";
  if (options.filesystem != "btrfs") return both(options, full_disk_with, kInPlace);
  const CellResult copying = both(options, full_disk_copying_with, "");
  if (!copying.violation.empty()) return copying;
  return both(
      options, full_disk_with,
      "direct and buffered: as a rule, appends fail without loss; with chattr +C 3 laps on the full disk");
}

CellResult read_only(const CellOptions& options) {
  return both(options, read_only_with,
              "direct and buffered: readers read, a writer is refused, nothing written");
}

CellResult no_direct(const CellOptions& options) {
  const std::string directory = options.home + "/plain";
  make_folder(directory);
  if (mount("none", directory.c_str(), options.filesystem.c_str(), MS_NOSUID | MS_NODEV, nullptr) != 0)
    throw NotRun(options.filesystem);
  const std::string ring = directory + "/ring";
  std::string wrong = refusal(ring, life_options(DirectIo::kOn, 0).ring, Code::kOption, 0);
  Submitted submitted;
  if (wrong.empty()) wrong = go_round(ring, life_options(DirectIo::kAuto, 0), &submitted);
  if (wrong.empty()) wrong = go_round(ring, life_options(DirectIo::kOff, 0), &submitted);
  return {wrong, "directIo: true is refused, 3 laps without"};
}

}  // namespace waldo::test
