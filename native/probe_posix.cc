// What a directory's filesystem is and can do: its type, O_DIRECT, and the alignment that keeps two writes
// from sharing a sector.
#include <sys/stat.h>

#ifdef __linux__
#include <sys/sysmacros.h>
#endif

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "format.h"
#include "posix.h"

namespace waldo {

namespace {

#ifdef __linux__

struct FilesystemType {
  uint32_t magic;
  const char* name;
  bool network;
  bool memory;
};

// statfs(2)'s numbers; spelled out because linux/magic.h lacks several.
constexpr FilesystemType kTypes[] = {
    {0x0000ef53, "ext4", false, false},     {0x58465342, "xfs", false, false},
    {0x9123683e, "btrfs", false, false},    {0x01021994, "tmpfs", false, true},
    {0x858458f6, "ramfs", false, true},     {0x794c7630, "overlay", false, false},
    {0xf2f52010, "f2fs", false, false},     {0x2fc12fc1, "zfs", false, false},
    {0xca451a4e, "bcachefs", false, false}, {0x00004d44, "vfat", false, false},
    {0x2011bab0, "exfat", false, false},    {0x7366746e, "ntfs3", false, false},
    {0x65735546, "fuse", false, false},     {0x0000f15f, "ecryptfs", false, false},
    {0x00006969, "nfs", true, false},       {0x0000517b, "smb", true, false},
    {0xff534d42, "cifs", true, false},      {0xfe534d42, "smb2", true, false},
    {0x00c36400, "ceph", true, false},      {0x01021997, "9p", true, false},
    {0x5346414f, "afs", true, false},       {0x6b414653, "afs", true, false},
    {0x73757245, "coda", true, false},      {0x0000564c, "ncp", true, false},
    {0x0bd00bd0, "lustre", true, false},    {0x47504653, "gpfs", true, false},
    {0x19830326, "beegfs", true, false},
};

FilesystemType filesystem_type(const struct statfs& stats) {
  const auto magic = static_cast<uint32_t>(stats.f_type);
  for (const FilesystemType& type : kTypes) {
    if (type.magic == magic) return type;
  }
  return {magic, nullptr, false, false};
}

// A number in a file of sysfs, or 0.
uint32_t read_number(const std::string& path) {
  Descriptor fd(retry_interrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  char text[32] = {};
  if (!fd.valid() || retry_interrupted([&] { return ::read(fd.get(), text, sizeof text - 1); }) <= 0) {
    return 0;
  }
  return static_cast<uint32_t>(strtoul(text, nullptr, 10));
}

// The physical sector of the device under a file, or 0 where it has no block device of its own.
uint32_t physical_sector(const struct stat& status) {
  const std::string device =
      "/sys/dev/block/" + std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev));
  const uint32_t whole = read_number(device + "/queue/physical_block_size");
  return whole != 0 ? whole : read_number(device + "/../queue/physical_block_size");  // of a partition's disk
}

// What the kernel says direct I/O on this file needs, or 0.
uint32_t declared_alignment([[maybe_unused]] int fd) {
#ifdef STATX_DIOALIGN
  struct statx status;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) == 0 && (status.stx_mask & STATX_DIOALIGN) != 0) {
    return std::max(status.stx_dio_mem_align, status.stx_dio_offset_align);
  }
#endif
  return 0;
}

bool refuses_direct(const std::string& path) {
  const Descriptor fd(retry_interrupted(
      [&] { return ::open(path.c_str(), O_RDONLY | O_DIRECT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC); }));
  return !fd.valid() && errno == EINVAL;
}

// A file for trial writes which nobody else sees: without a name, or with one that is gone at once. If
// there is none, errno says why.
Descriptor open_scratch(const std::string& directory, uint32_t mode) {
  constexpr int kFlags = O_RDWR | O_DIRECT | O_CLOEXEC;
  Descriptor unnamed(retry_interrupted(
      [&] { return ::open(directory.c_str(), kFlags | O_TMPFILE, static_cast<mode_t>(mode)); }));
  if (unnamed.valid()) return unnamed;
  uint64_t tag = 0;
  if (getentropy(&tag, sizeof tag) != 0) return Descriptor();
  char name[32];
  snprintf(name, sizeof name, "/.probe-%016llx", static_cast<unsigned long long>(tag));
  const std::string path = directory + name;
  Descriptor named;
  const Status status = open_regular(path, kFlags | O_CREAT | O_EXCL, mode, &named);
  if (status.ok())
    unlink(path.c_str());
  else
    errno = status.error().sys_errno;
  return named;
}

// The smallest alignment at which a direct write works, found by trying; 0 if none does. A full disk proves
// nothing against O_DIRECT, which the open has already taken.
uint32_t working_alignment(int fd) {
  alignas(kMaxAlignment) static const char zeros[2 * kMaxAlignment] = {};
  for (uint32_t alignment = kMaxAlignment, found = 0;; alignment /= 2) {
    const iovec slice = {const_cast<char*>(zeros) + alignment, alignment};
    const ssize_t n = retry_interrupted([&] { return syscalls.pwritev(fd, &slice, 1, alignment); });
    const bool full = n < 0 && (errno == ENOSPC || errno == EDQUOT);
    if (full) return kMaxAlignment;
    if (n != static_cast<ssize_t>(alignment)) return found;
    found = alignment;
    if (alignment == kMinAlignment) return found;
  }
}

#endif

uint32_t power_of_two_sector(uint32_t bytes) {
  uint32_t sector = kMinAlignment;
  while (sector < bytes && sector < kMaxAlignment) sector *= 2;
  return sector;
}

}  // namespace

#ifdef __linux__

Status probe_posix(const std::string& directory, uint32_t mode, Probe* probe) {
  *probe = Probe();
  Descriptor fd(
      retry_interrupted([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!fd.valid()) return Status::io(errno, "open", directory);
  struct statfs stats;
  if (retry_interrupted([&] { return syscalls.fstatfs(fd.get(), &stats); }) != 0) {
    return Status::io(errno, "fstatfs", directory);
  }
  struct stat status;
  if (fstat(fd.get(), &status) != 0) return Status::io(errno, "fstat", directory);

  const FilesystemType type = filesystem_type(stats);
  char unknown[32];
  snprintf(unknown, sizeof unknown, "type 0x%08x", type.magic);
  probe->type = type.name != nullptr ? type.name : unknown;
  probe->network = type.network;

  // Without a device to ask (overlay, btrfs, FUSE …) only the greatest sector is safe to assume.
  uint32_t sector = physical_sector(status);
  if (sector == 0) sector = type.memory ? kMinAlignment : kMaxAlignment;
  // No scratch file (a read-only directory, say) means no O_DIRECT; the first real write tells the reason.
  const Descriptor scratch = open_scratch(directory, mode);
  if (scratch.valid()) {
    const uint32_t working = working_alignment(scratch.get());
    probe->direct = working != 0;
    sector = std::max({sector, working, declared_alignment(scratch.get())});
  } else if (errno == ENOSPC || errno == EDQUOT) {
    // Only a file that is there can tell. Without one nothing will be written, for want of room.
    probe->direct = !refuses_direct(directory + "/RING");
    sector = kMaxAlignment;
  }
  probe->alignment = power_of_two_sector(sector);
  return Status();
}

#else

Status probe_posix(const std::string& directory, uint32_t, Probe* probe) {
  *probe = Probe();
  Descriptor fd(
      retry_interrupted([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!fd.valid()) return Status::io(errno, "open", directory);
  struct statfs stats;
  if (retry_interrupted([&] { return syscalls.fstatfs(fd.get(), &stats); }) != 0) {
    return Status::io(errno, "fstatfs", directory);
  }
  probe->type = stats.f_fstypename;
  probe->network = (stats.f_flags & MNT_LOCAL) == 0;
  // The physical sector can only be asked of the raw device, which takes privileges.
  probe->alignment = power_of_two_sector(kMaxAlignment);
  return Status();
}

#endif

}  // namespace waldo
