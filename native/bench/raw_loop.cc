// What the disk itself can do: plain loops of pwrite and pread, to compare the ring with. An addon of the
// benchmarks only; it is never published. Every call blocks the thread, so it is made in a process of its own.
#include <fcntl.h>
#include <napi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kHugePageBytes = 2 << 20;
constexpr size_t kFillBytes = 2 << 20;
constexpr size_t kSector = 512;

[[noreturn]] void fail(const char* call, const std::string& path) {
  throw std::system_error(errno, std::generic_category(), std::string(call) + " " + path);
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, bool direct) : path_(path) {
#ifdef O_DIRECT
    if (direct) flags |= O_DIRECT;
#endif
    fd_ = open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (fd_ < 0) fail("open", path);
#ifdef F_NOCACHE
    if (direct) (void)fcntl(fd_, F_NOCACHE, 1);
#endif
  }
  ~Descriptor() { close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd() const { return fd_; }

  /** Drops what the system keeps of the file in memory. */
  void forget(uint64_t offset, uint64_t bytes) const {
#ifdef POSIX_FADV_DONTNEED
    (void)posix_fadvise(fd_, static_cast<off_t>(offset), static_cast<off_t>(bytes), POSIX_FADV_DONTNEED);
#else
    (void)offset;
    (void)bytes;
#endif
  }

  uint64_t size() const {
    const off_t end = lseek(fd_, 0, SEEK_END);
    if (end < 0) fail("lseek", path_);
    return static_cast<uint64_t>(end);
  }

  void write_all(const uint8_t* data, size_t bytes, uint64_t offset) {
    while (bytes > 0) {
      const ssize_t done = pwrite(fd_, data, bytes, static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail("pwrite", path_);
      data += done;
      bytes -= static_cast<size_t>(done);
      offset += static_cast<uint64_t>(done);
    }
  }

  void read_all(uint8_t* data, size_t bytes, uint64_t offset) {
    while (bytes > 0) {
      const ssize_t done = pread(fd_, data, bytes, static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done == 0) errno = ENODATA;
      if (done <= 0) fail("pread", path_);
      data += done;
      bytes -= static_cast<size_t>(done);
      offset += static_cast<uint64_t>(done);
    }
  }

 private:
  std::string path_;
  int fd_ = -1;
};

/**
 * Page-aligned memory that does not compress: what O_DIRECT asks for, and what no device can shorten. On huge
 * pages, like the slabs of a ring: the device reaches those faster.
 */
class Block {
 public:
  explicit Block(size_t bytes) : mapped_bytes_(bytes + kHugePageBytes) {
    mapped_ = mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) fail("mmap", std::to_string(mapped_bytes_));
    const auto begin = reinterpret_cast<uintptr_t>(mapped_);
    data_ = static_cast<uint8_t*>(mapped_) + (kHugePageBytes - begin % kHugePageBytes) % kHugePageBytes;
#ifdef MADV_HUGEPAGE
    if (bytes % kHugePageBytes == 0) (void)madvise(data_, bytes, MADV_HUGEPAGE);
#endif
    uint64_t state = 88172645463325252ULL;
    for (size_t i = 0; i + sizeof state <= bytes; i += sizeof state) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      std::memcpy(data_ + i, &state, sizeof state);
    }
  }
  ~Block() { munmap(mapped_, mapped_bytes_); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  uint8_t* data() const { return data_; }

 private:
  void* mapped_;
  size_t mapped_bytes_;
  uint8_t* data_;
};

struct Loop {
  std::vector<std::string> paths;  // gone over one after the other
  std::string layout;
  uint64_t offset;  // in each file: the bytes before it are left alone
  uint64_t file_bytes;
  size_t block_bytes;
  size_t memory_bytes;  // what reads go to, block after block
  uint64_t max_calls;
  double seconds;
  bool direct;
  bool dsync;
  bool random;
};

using Files = std::vector<std::unique_ptr<Descriptor>>;

Files open_all(const Loop& loop, int flags, bool direct) {
  Files files;
  for (const std::string& path : loop.paths)
    files.push_back(std::make_unique<Descriptor>(path, flags, direct));
  return files;
}

/** Brings a file into its layout. A filled file is used again as it is: filling takes long. */
void lay_out(const Loop& loop) {
  if (loop.layout == "as it is") return;
  const bool filled = loop.layout == "filled";
  const std::string& path = loop.paths.front();
  Descriptor file(path, O_RDWR | O_CREAT, false);
  if (filled && file.size() == loop.file_bytes) return;
  if (ftruncate(file.fd(), 0) != 0) fail("ftruncate", path);
  if (loop.layout == "fallocated") {
    const int error = posix_fallocate(file.fd(), 0, static_cast<off_t>(loop.file_bytes));
    errno = error;
    if (error != 0) fail("fallocate", path);
  } else if (filled) {
    const std::vector<uint8_t> zeros(kFillBytes);
    for (uint64_t offset = 0; offset < loop.file_bytes; offset += kFillBytes) {
      file.write_all(zeros.data(), std::min<uint64_t>(kFillBytes, loop.file_bytes - offset), offset);
    }
  }
  if (fsync(file.fd()) != 0) fail("fsync", path);
  if (loop.direct) file.forget(0, loop.file_bytes);
}

/** What the files held, put back when this goes: then a ring's files can be measured in place. */
class Contents {
 public:
  explicit Contents(const Loop& loop) : loop_(loop) {
    for (const auto& file : open_all(loop, O_RDONLY, loop.direct)) {
      kept_.push_back(std::make_unique<Block>(loop.file_bytes));
      file->read_all(kept_.back()->data(), loop.file_bytes, loop.offset);
    }
  }
  void restore() {
    const Files files = open_all(loop_, O_WRONLY, loop_.direct);
    for (size_t i = 0; i < files.size(); ++i) {
      files[i]->write_all(kept_[i]->data(), loop_.file_bytes, loop_.offset);
      if (fsync(files[i]->fd()) != 0) fail("fsync", loop_.paths[i]);
    }
  }

 private:
  const Loop& loop_;
  std::vector<std::unique_ptr<Block>> kept_;
};

/** Runs `call(file, offset)` over the blocks until time or calls are used up; nanoseconds of each. */
template <typename Call>
std::vector<uint64_t> timed(const Loop& loop, const Files& files, double* elapsed, Call call) {
  std::vector<uint64_t> times;
  times.reserve(1 << 16);
  const uint64_t blocks_each = loop.file_bytes / loop.block_bytes;
  const uint64_t blocks = blocks_each * files.size();
  // Only a filled file can be gone over again: the second time, the others are filled as well.
  const bool again = loop.layout == "filled" || loop.layout == "as it is";
  const uint64_t limit_calls = again ? loop.max_calls : std::min(blocks, loop.max_calls);
  uint64_t state = 88172645463325252ULL;
  const auto start = Clock::now();
  const auto limit =
      start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(loop.seconds));
  auto before = start;
  for (uint64_t i = 0; times.size() < limit_calls && (i == 0 || before < limit); i++) {
    uint64_t block = i % blocks;
    if (loop.random) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      block = (state >> 33) % blocks;
    }
    call(*files[block / blocks_each], loop.offset + block % blocks_each * loop.block_bytes);
    const auto after = Clock::now();
    times.push_back(
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(after - before).count()));
    before = after;
  }
  *elapsed = std::chrono::duration<double>(before - start).count();
  return times;
}

std::vector<uint64_t> write_loop(const Loop& loop, double* elapsed) {
  lay_out(loop);
  std::unique_ptr<Contents> contents;
  if (loop.layout == "as it is") contents = std::make_unique<Contents>(loop);
  const Files files = open_all(loop, O_WRONLY | (loop.dsync ? O_DSYNC : 0), loop.direct);
  const Block block(loop.block_bytes);
  auto times = timed(loop, files, elapsed, [&](Descriptor& file, uint64_t offset) {
    file.write_all(block.data(), loop.block_bytes, offset);
  });
  // What is still in memory must not be written while something else is measured.
  for (size_t i = 0; i < files.size(); ++i) {
    if (fsync(files[i]->fd()) != 0) fail("fsync", loop.paths[i]);
  }
  if (contents) contents->restore();
  return times;
}

std::vector<uint64_t> read_loop(const Loop& loop, double* elapsed) {
  lay_out(loop);
  const Files files = open_all(loop, O_RDONLY, loop.direct);
  for (const auto& file : files) file->forget(loop.offset, loop.file_bytes);
  const Block memory(loop.memory_bytes);
  size_t next = 0;
  return timed(loop, files, elapsed, [&](Descriptor& file, uint64_t offset) {
    file.read_all(memory.data() + next, loop.block_bytes, offset);
    next = next + 2 * loop.block_bytes <= loop.memory_bytes ? next + loop.block_bytes : 0;
    // Else the second visit to a block would not reach the disk.
    if (loop.random && !loop.direct) file.forget(offset, loop.block_bytes);
  });
}

Loop read_options(const Napi::Object& given) {
  Loop loop;
  const Napi::Object paths = given.Get("paths").ToObject();
  const uint32_t count = paths.Get("length").ToNumber().Uint32Value();
  for (uint32_t i = 0; i < count; ++i) loop.paths.push_back(paths.Get(i).ToString().Utf8Value());
  loop.layout = given.Get("layout").ToString().Utf8Value();
  loop.offset = static_cast<uint64_t>(given.Get("offset").ToNumber().Int64Value());
  loop.file_bytes = static_cast<uint64_t>(given.Get("fileBytes").ToNumber().Int64Value());
  loop.block_bytes = given.Get("blockBytes").ToNumber().Uint32Value();
  loop.memory_bytes = std::max<size_t>(loop.block_bytes,
                                       static_cast<size_t>(given.Get("memoryBytes").ToNumber().Int64Value()));
  loop.max_calls = given.Get("maxCalls").ToNumber().Uint32Value();
  loop.seconds = given.Get("seconds").ToNumber().DoubleValue();
  loop.direct = given.Get("direct").ToBoolean();
  loop.dsync = given.Get("dsync").ToBoolean();
  loop.random = given.Get("random").ToBoolean();
  if (loop.paths.empty()) throw Napi::RangeError::New(given.Env(), "paths: at least one");
  if (loop.block_bytes == 0 || loop.file_bytes < loop.block_bytes || loop.max_calls == 0) {
    throw Napi::RangeError::New(given.Env(),
                                "blockBytes, maxCalls: at least 1; fileBytes: at least one block");
  }
  if (loop.direct && (loop.block_bytes % kSector != 0 || loop.offset % kSector != 0)) {
    throw Napi::RangeError::New(given.Env(), "blockBytes, offset: multiples of 512 for direct I/O");
  }
  return loop;
}

template <std::vector<uint64_t> (*run)(const Loop&, double*)>
Napi::Value measure(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() != 1 || !info[0].IsObject()) throw Napi::TypeError::New(env, "expected options");
  const Loop loop = read_options(info[0].As<Napi::Object>());
  double elapsed = 0;
  std::vector<uint64_t> times;
  try {
    times = run(loop, &elapsed);
  } catch (const std::system_error& error) {
    throw Napi::Error::New(env, error.what());
  }
  std::sort(times.begin(), times.end());
  const auto quantile = [&](double part) {
    const auto at = static_cast<size_t>(part * static_cast<double>(times.size()));
    return Napi::Number::New(env, static_cast<double>(times[std::min(at, times.size() - 1)]));
  };
  Napi::Object result = Napi::Object::New(env);
  result.Set("calls", static_cast<double>(times.size()));
  result.Set("seconds", elapsed);
  result.Set("bytesPerSecond", static_cast<double>(times.size() * loop.block_bytes) / elapsed);
  result.Set("min", quantile(0));
  result.Set("p50", quantile(0.5));
  result.Set("p99", quantile(0.99));
  result.Set("p999", quantile(0.999));
  result.Set("max", quantile(1));
  return result;
}

Napi::Object raw_initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("writeLoop", Napi::Function::New(env, measure<write_loop>, "writeLoop"));
  exports.Set("readLoop", Napi::Function::New(env, measure<read_loop>, "readLoop"));
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, raw_initialize)
