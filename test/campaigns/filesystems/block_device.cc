#include "block_device.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "failure.h"

namespace waldo::test {

namespace {

constexpr size_t kMaxRecords = 1 << 20;
constexpr uint64_t kMaxLogBytes = uint64_t{1} << 30;

// Memory costs nothing before it is written to.
template <typename T>
T* map_memory(uint64_t bytes, int sharing) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) fail_with_errno("mmap");
  return static_cast<T*>(memory);
}

}  // namespace

BlockDevice::BlockDevice(uint64_t bytes, const std::string& path, void (*leave_namespace)())
    : bytes_(bytes),
      path_(path),
      control_(map_memory<Control>(sizeof(Control), MAP_SHARED)),
      image_(map_memory<uint8_t>(bytes, MAP_SHARED)),
      dirty_(map_memory<uint8_t>(bytes / kBlock, MAP_SHARED)),
      records_(map_memory<DeviceRecord>(kMaxRecords * sizeof(DeviceRecord), MAP_SHARED)),
      log_(map_memory<uint8_t>(kMaxLogBytes, MAP_SHARED)),
      medium_(map_memory<uint8_t>(bytes, MAP_PRIVATE)) {
  const int fuse = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fuse < 0) fail_with_errno("opening /dev/fuse");
  server_ = fork();
  if (server_ < 0) fail_with_errno("fork");
  if (server_ == 0) {
    leave_namespace();
    serve(fuse);
  }
  const std::string options =
      "fd=" + std::to_string(fuse) + ",rootmode=100600,user_id=0,group_id=0,max_read=1048576";
  const int mounted = ::mount("waldo", path.c_str(), "fuse.waldo", MS_NOSUID | MS_NODEV, options.c_str());
  const int failure = errno;
  // From here on the server's end is the only one: with it goes the device, and nobody waits for it in vain.
  ::close(fuse);
  errno = failure;
  if (mounted != 0) fail_with_errno("mounting a FUSE file");
}

BlockDevice::~BlockDevice() {
  umount2(path_.c_str(), MNT_DETACH);
  kill(server_, SIGKILL);
  waitpid(server_, nullptr, 0);
  munmap(control_, sizeof(Control));
  munmap(image_, bytes_);
  munmap(dirty_, bytes_ / kBlock);
  munmap(records_, kMaxRecords * sizeof(DeviceRecord));
  munmap(log_, kMaxLogBytes);
  munmap(medium_, bytes_);
}

template <typename Action>
void BlockDevice::for_dirty(Action action) {
  const uint64_t blocks = bytes_ / kBlock;
  for (uint64_t block = 0; block < blocks; ++block) {
    const auto* next = static_cast<const uint8_t*>(memchr(dirty_ + block, 1, blocks - block));
    if (next == nullptr) return;
    block = static_cast<uint64_t>(next - dirty_);
    dirty_[block] = 0;
    action(block * kBlock);
  }
}

void BlockDevice::mark_dirty(uint64_t offset, uint64_t bytes) {
  memset(dirty_ + offset / kBlock, 1, (offset + bytes + kBlock - 1) / kBlock - offset / kBlock);
}

void BlockDevice::write(uint64_t offset, const uint8_t* data, uint64_t bytes) {
  memcpy(image_ + offset, data, bytes);
  mark_dirty(offset, bytes);
}

void BlockDevice::snapshot() {
  for_dirty([this](uint64_t at) { memcpy(medium_ + at, image_ + at, kBlock); });
  applied_ = 0;
}

void BlockDevice::start_recording() {
  snapshot();
  control_->record_count = 0;
  control_->log_bytes = 0;
  control_->recording = true;
}

void BlockDevice::stop_recording() { control_->recording = false; }

bool BlockDevice::record_full() const {
  return control_->record_count > kMaxRecords / 2 || control_->log_bytes > kMaxLogBytes / 2;
}

void BlockDevice::restore(size_t count) {
  for (; applied_ < count; ++applied_) {
    const DeviceRecord& entry = records_[applied_];
    if (entry.kind != DeviceRecord::kWrite) continue;
    memcpy(medium_ + entry.offset, data(entry), entry.bytes);
    mark_dirty(entry.offset, entry.bytes);
  }
  for_dirty([this](uint64_t at) { memcpy(image_ + at, medium_ + at, kBlock); });
}

void BlockDevice::save(const std::string& file) const {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, static_cast<off_t>(bytes_)) != 0) fail_with_errno("creating " + file);
  const std::vector<uint8_t> zeros(kBlock);
  for (uint64_t at = 0; at < bytes_; at += kBlock) {
    if (memcmp(image_ + at, zeros.data(), kBlock) == 0) continue;
    if (pwrite(fd, image_ + at, kBlock, static_cast<off_t>(at)) != static_cast<ssize_t>(kBlock))
      fail_with_errno("writing " + file);
  }
  ::close(fd);
}

void BlockDevice::fail(uint32_t faults, uint64_t skip, uint64_t count) {
  control_->faults = 0;
  control_->failed = 0;
  control_->skip = skip;
  control_->count = count;
  control_->faults = faults;
}

// On the server.

bool BlockDevice::fails(Faults kind) {
  const uint32_t faults = control_->faults;
  if (faults == 0) return false;
  if (control_->skip > 0) {
    --control_->skip;
    return false;
  }
  if ((faults & kind) == 0 || control_->count == 0) return false;
  --control_->count;
  ++control_->failed;
  return true;
}

void BlockDevice::keep(DeviceRecord::Kind kind, uint64_t offset, const uint8_t* data, uint32_t bytes) {
  if (!control_->recording) return;
  const uint64_t index = control_->record_count;
  const uint64_t at = control_->log_bytes;
  if (index == kMaxRecords || at + bytes > kMaxLogBytes) {
    control_->recording = false;
    return;
  }
  memcpy(log_ + at, data, bytes);
  records_[index] = {kind, bytes, offset, at, {control_->acknowledged, control_->cursor}};
  control_->log_bytes = at + bytes;
  control_->record_count = index + 1;
}

}  // namespace waldo::test
