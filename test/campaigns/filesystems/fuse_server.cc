// The kernel's FUSE protocol, as far as one regular file needs it.
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "block_device.h"

namespace waldo::test {

namespace {

constexpr uint32_t kMaxTransfer = 1024 * 1024;
constexpr size_t kRequestBytes = kMaxTransfer + 64 * 1024;
constexpr uint64_t kForEver = 1 << 30;  // seconds

template <typename T>
const T* as(const uint8_t* bytes) {
  return reinterpret_cast<const T*>(bytes);
}

fuse_init_out protocol(const fuse_init_in& in) {
  fuse_init_out out{};
  out.major = FUSE_KERNEL_VERSION;
  out.minor = std::min<uint32_t>(in.minor, FUSE_KERNEL_MINOR_VERSION);
  out.max_readahead = in.max_readahead;
  out.flags = in.flags & (FUSE_BIG_WRITES | FUSE_ASYNC_READ | FUSE_MAX_PAGES);
  out.max_background = 64;
  out.congestion_threshold = 48;
  out.max_write = kMaxTransfer;
  out.max_pages = kMaxTransfer / 4096;
  return out;
}

fuse_attr attributes(uint64_t bytes) {
  fuse_attr attr{};
  attr.ino = FUSE_ROOT_ID;
  attr.size = bytes;
  attr.blocks = bytes / 512;
  attr.mode = S_IFREG | 0600;
  attr.nlink = 1;
  attr.blksize = 4096;
  return attr;
}

}  // namespace

void BlockDevice::serve(int fuse) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Whoever mounted the disk unmounts it first, which needs the server.
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  const auto request = std::make_unique<uint8_t[]>(kRequestBytes);
  const auto answer = std::make_unique<uint8_t[]>(kMaxTransfer);
  for (;;) {
    const ssize_t got = read(fuse, request.get(), kRequestBytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT || errno == EPERM)) {
      if (errno == EPERM) usleep(1000);  // not mounted yet
      continue;
    }
    if (got < 0) _exit(0);
    const auto* header = as<fuse_in_header>(request.get());
    if (header->opcode == FUSE_FORGET || header->opcode == FUSE_BATCH_FORGET ||
        header->opcode == FUSE_INTERRUPT)
      continue;
    size_t bytes = 0;
    const int failure = handle(header->opcode, request.get() + sizeof(*header), answer.get(), &bytes);
    if (failure != 0) bytes = 0;
    fuse_out_header out{static_cast<uint32_t>(sizeof(out) + bytes), -failure, header->unique};
    const iovec parts[] = {{&out, sizeof(out)}, {answer.get(), bytes}};
    (void)!writev(fuse, parts, 2);
  }
}

int BlockDevice::handle(uint32_t opcode, const uint8_t* in, uint8_t* out, size_t* out_bytes) {
  const auto answer = [&](const auto& body) {
    memcpy(out, &body, sizeof(body));
    *out_bytes = sizeof(body);
    return 0;
  };
  switch (opcode) {
    case FUSE_INIT:
      return answer(protocol(*as<fuse_init_in>(in)));
    case FUSE_GETATTR:
    case FUSE_SETATTR:
      return answer(fuse_attr_out{kForEver, 0, 0, attributes(bytes_)});
    case FUSE_OPEN: {
      fuse_open_out opened{};
      opened.open_flags = FOPEN_DIRECT_IO;  // a write is one of ours, not of the page cache
      return answer(opened);
    }
    case FUSE_READ: {
      const auto* read = as<fuse_read_in>(in);
      if (read->offset >= bytes_) return 0;
      *out_bytes = std::min<uint64_t>(std::min(read->size, kMaxTransfer), bytes_ - read->offset);
      memcpy(out, image_ + read->offset, *out_bytes);
      return 0;
    }
    case FUSE_WRITE: {
      const auto* write = as<fuse_write_in>(in);
      const int failure = take_write(write->offset, in + sizeof(*write), write->size);
      return failure != 0 ? failure : answer(fuse_write_out{write->size, 0});
    }
    case FUSE_FSYNC:
      if (fails(kFailFlushes)) return EIO;
      keep(DeviceRecord::kFlush, 0, nullptr, 0);
      return 0;
    case FUSE_STATFS:
      return answer(fuse_statfs_out{});
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_ACCESS:
    case FUSE_DESTROY:
      return 0;
    default:
      return ENOSYS;
  }
}

int BlockDevice::take_write(uint64_t offset, const uint8_t* data, uint32_t bytes) {
  if (offset > bytes_ || bytes > bytes_ - offset) return ENOSPC;
  if (fails(kFailWrites)) return EIO;
  keep(DeviceRecord::kWrite, offset, data, bytes);
  write(offset, data, bytes);
  ++control_->writes;
  return 0;
}

}  // namespace waldo::test
