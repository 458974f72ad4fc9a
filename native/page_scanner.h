// Walks the frames of one page on disk; used by recovery, verification and after damage. One thread.
#pragma once

#include <memory>

#include "frame.h"
#include "page.h"

namespace waldo {

enum class FrameState {
  kValid,
  kNone,     // no header of this ring, page and position
  kTornBody  // the header is right, the body is not
};

struct FrameProbe {
  FrameState state = FrameState::kNone;
  uint64_t offset = 0;
  uint64_t padded_bytes = 0;
  FrameHeader header{};
  const uint8_t* frame = nullptr;  // valid until the next call

  uint64_t end() const { return offset + padded_bytes; }
};

class PageScanner {
 public:
  PageScanner(const Page& page, uint64_t page_no) : page_(page), page_no_(page_no) {}

  // What lies at `offset`, which is a multiple of the ring's alignment.
  Status probe(uint64_t offset, FrameProbe* probe);

  // The first valid frame that begins in [offset, limit); state is kNone if there is none.
  Status next_valid(uint64_t offset, uint64_t limit, FrameProbe* probe);
  // The same, or one whose header is valid and whose logs are not.
  Status next_header(uint64_t offset, uint64_t limit, FrameProbe* found);

  uint64_t bytes_read() const { return bytes_read_; }

 private:
  // Makes [offset, offset + bytes) available; fewer bytes if the page ends.
  Status load(uint64_t offset, uint64_t bytes, const uint8_t** data, uint64_t* available);

  static constexpr uint64_t kWindowBytes = 4 * 1024 * 1024;

  const Page& page_;
  uint64_t page_no_;
  std::unique_ptr<Slab> window_;
  uint64_t window_offset_ = 0;
  uint64_t window_bytes_ = 0;
  uint64_t bytes_read_ = 0;
  uint64_t file_end_ = UINT64_MAX;  // where a file that was cut short was found to end
};

}  // namespace waldo
