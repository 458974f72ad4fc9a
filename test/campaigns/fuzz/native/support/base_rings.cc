#include "support/base_rings.h"

#include <cstring>

#include "support/fuzz_ring.h"
#include "support/require.h"
#include "tail_copy.h"

namespace waldo::fuzz {

namespace {

void require(const Status& status) { FUZZ_REQUIRE(status.ok(), status.error().message); }

// Where frames and logs begin: found by their magic, as whoever looks at a disk would.
BaseRing examined(Image image) {
  BaseRing base;
  for (const auto& [path, bytes] : image) {
    base.paths.push_back(path);
    if (path.find(".page") == std::string::npos) continue;
    for (uint64_t at = kPageDataOffset; at + sizeof(FrameHeader) <= bytes.size(); at += kMinAlignment) {
      const auto header = load<FrameHeader>(bytes.data() + at);
      if (header.magic != kFrameMagic) continue;
      base.frames.push_back({path, at});
      uint64_t log = at + sizeof(FrameHeader);
      for (uint32_t i = 0; i < header.log_count && log + sizeof(LogHeader) <= bytes.size(); ++i) {
        base.logs.push_back({path, log});
        log += log_stride(load<LogHeader>(bytes.data() + log).length);
      }
    }
  }
  base.image = std::move(image);
  return base;
}

// Short pages: `page_logs` logs each, so that several laps are few bytes to check.
struct Making {
  RingOptions options = small_ring();
  uint32_t frames = 24;
  uint32_t logs = 3;
  uint32_t bytes = 40;
  uint64_t step = 1;
  bool close = false;
};

Image made(const Making& making) {
  MemoryFiles files;
  FuzzRing ring(files);
  // Two opens, so that two epochs follow one another.
  for (uint32_t half = 0; half < 2; ++half) {
    require(ring.open(making.options));
    for (uint32_t i = half; i < making.frames; i += 2)
      require(ring.append(making.logs, making.bytes, making.step));
    if (half == 0 || making.close) require(ring.ring().close());
  }
  ring.drop();
  return files.image();
}

Making short_pages() {
  Making making;
  making.options.page_capacity = 18;
  making.frames = 30;
  return making;
}

std::string newest_page_path(MemoryFiles& files, uint64_t* end_offset) {
  FuzzRing ring(files);
  RingOptions options = small_ring();
  options.read_only = true;
  require(ring.open(options));
  const PageInfo page = ring.ring().info().pages.back();
  *end_offset = page.state.end_offset;
  return std::string(kDirectory) + "/" + page_file_name(page.slot);
}

// The last frame lacks a sector: what a power loss leaves of a group.
Image torn() {
  MemoryFiles files;
  Making making = short_pages();
  making.bytes = 300;
  files.reset(made(making));
  uint64_t end = 0;
  Bytes* const page = files.find(newest_page_path(files, &end));
  std::memset(page->data() + kPageDataOffset + end - kMinAlignment, 0xa5, kMinAlignment);
  return files.image();
}

// Log 20 or so is damaged, the ring was salvaged and went on.
Image salvaged() {
  MemoryFiles files;
  Making making = short_pages();
  making.close = true;
  files.reset(made(making));
  uint64_t end = 0;
  Bytes* const page = files.find(newest_page_path(files, &end));
  page->at(kPageDataOffset + sizeof(FrameHeader) + sizeof(LogHeader)) ^= 1;
  FuzzRing ring(files);
  RingOptions options = making.options;
  options.salvage = true;
  require(ring.open(options));
  for (int i = 0; i < 4; ++i) require(ring.append(2, 30));
  require(ring.ring().close());
  ring.drop();
  return files.image();
}

// Killed while the tail was written again: TAIL is there, and a sector that it has is garbled.
Image with_tail_copy() {
  MemoryFiles files;
  files.reset(made(short_pages()));
  uint64_t end = 0;
  const std::string path = newest_page_path(files, &end);
  const Geometry geometry = small_geometry();
  const auto slot = static_cast<uint32_t>(std::stoul(path.substr(sizeof(kDirectory))));
  Page page(geometry, slot);
  OpenFlags flags;
  flags.write = true;
  require(page.open(files, kDirectory, flags));
  HeaderCheck check;
  require(page.read_headers(&check));
  page.adopt(check.header);
  page.state().end_offset = end;
  require(write_tail_copy(files, kDirectory, page, end - kMinAlignment, 0600));
  std::memset(files.find(path)->data() + kPageDataOffset + end - kMinAlignment, 0xa5, kMinAlignment);
  return files.image();
}

std::vector<BaseRing> make_all() {
  std::vector<BaseRing> bases;
  bases.push_back(examined(torn()));
  Making closed = short_pages();
  closed.close = true;
  bases.push_back(examined(made(closed)));
  Making one_page;
  one_page.frames = 6;
  bases.push_back(examined(made(one_page)));
  Making full_pages;
  full_pages.logs = 4;
  full_pages.bytes = 3500;
  full_pages.frames = 11;
  bases.push_back(examined(made(full_pages)));
  Making gaps = short_pages();
  gaps.options.alignment = 4096;
  gaps.options.ring_size = 2;
  gaps.step = 1000;
  gaps.frames = 14;
  bases.push_back(examined(made(gaps)));
  bases.push_back(examined(salvaged()));
  Making fresh;
  fresh.frames = 0;
  bases.push_back(examined(made(fresh)));
  bases.push_back(examined(with_tail_copy()));
  return bases;
}

}  // namespace

const std::vector<BaseRing>& base_rings() {
  static const auto* const bases = new std::vector<BaseRing>(make_all());
  return *bases;
}

}  // namespace waldo::fuzz
