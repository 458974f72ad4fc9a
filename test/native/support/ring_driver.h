// Drives an engine as JavaScript does: packs logs into slabs, commits them, reads them back. Every log's
// content follows from its number and from the attempt that wrote it, so that a log of an earlier attempt
// is told from the right one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine.h"

namespace waldo::test {

struct StoredLog {
  uint64_t seq_no;
  uint64_t prev_seq_no;
  std::string data;
};

// Some hundred bytes at the most, of any value.
std::string content_of(uint64_t seq_no, uint32_t attempt = 0);

// What was submitted, by sequence number: which attempt wrote the log that must be there if one is.
struct Submitted {
  uint32_t attempt = 0;            // that writes now
  std::vector<uint32_t> attempts;  // of log i + 1
  uint64_t acknowledged = 0;

  uint64_t last() const { return attempts.size(); }
};

// A small ring: 4 pages of 64 KiB, frames of at most 16 KiB, sectors of 512 bytes.
RingOptions small_ring();

class RingDriver {
 public:
  RingDriver(FileSystem& fs, std::string directory, RingOptions options = small_ring(),
             Submitted* submitted = nullptr)
      : fs_(fs),
        directory_(std::move(directory)),
        options_(options),
        submitted_(submitted ? submitted : &own_submitted_) {}

  // Before logs `first` to `last` are submitted.
  std::function<void(uint64_t first, uint64_t last)> before_submit = [](uint64_t, uint64_t) {};
  // On the writing thread, when logs left to it may have become durable.
  std::function<void()> on_progress = [] {};

  Status open();
  Status close();
  void drop() { engine_.reset(); }  // closes
  Engine& engine() { return *engine_; }
  RingOptions& options() { return options_; }
  uint64_t tip() { return engine_->ring().bounds().tip; }

  // One frame with the next `logs` logs, durable on return.
  Status append(uint32_t logs = 1);
  // `frames` frames in one group.
  Status append_group(uint32_t frames, uint32_t logs);
  // `frames` frames left to the writing thread; returns at once.
  Status submit(uint32_t frames, uint32_t logs);
  // Frames until the ring's newest page is `page_no`.
  Status fill_to_page(uint64_t page_no);

  // Everything that is there after `after`.
  Status read_from(uint64_t after, std::vector<StoredLog>* logs);

  // "" if the logs from the trim point to the tip are all there, linked, with the content they must have:
  // that of the attempt that submitted them last.
  std::string check();

 private:
  std::string expected(uint64_t seq_no) const;
  Status commit();
  Status pack(const std::shared_ptr<Slab>& slab, uint32_t logs, size_t* at, bool wake);

  FileSystem& fs_;
  const std::string directory_;
  RingOptions options_;
  std::unique_ptr<Engine> engine_;
  uint64_t next_prev_ = 0;
  Submitted own_submitted_;
  Submitted* const submitted_;
};

}  // namespace waldo::test
