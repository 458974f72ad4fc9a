// The engine maps and unmaps the buffers of an open, which costs more than a simulated recovery. Here what is
// unmapped is kept for the next one. The linker puts these in place of the system's (native/CMakeLists.txt).
#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

extern "C" {
void* __real_mmap(void* address, size_t bytes, int protection, int flags, int fd, off_t offset);
int __real_munmap(void* address, size_t bytes);
int __real_madvise(void* address, size_t bytes, int advice);

namespace {

// Buffers that are longer are windows to read into: nobody relies on their zeros.
constexpr size_t kZeroedBytes = 256 * 1024;
constexpr size_t kKeptBuffers = 64;

thread_local std::map<size_t, std::vector<void*>> kept;

}  // namespace

void* __wrap_mmap(void* address, size_t bytes, int protection, int flags, int fd, off_t offset) {
  if (fd == -1 && (flags & MAP_SHARED) == 0) {
    std::vector<void*>& buffers = kept[bytes];
    if (!buffers.empty()) {
      void* const buffer = buffers.back();
      buffers.pop_back();
      if (bytes <= kZeroedBytes) std::memset(buffer, 0, bytes);
      return buffer;
    }
  }
  return __real_mmap(address, bytes, protection, flags, fd, offset);
}

int __wrap_munmap(void* address, size_t bytes) {
  std::vector<void*>& buffers = kept[bytes];
  if (buffers.size() == kKeptBuffers) return __real_munmap(address, bytes);
  buffers.push_back(address);
  return 0;
}

int __wrap_madvise(void*, size_t, int) { return 0; }
}
