// Makes pages ready before they are needed: creates their files and fills them with zeros, so that later
// writes find every block allocated and initialised (zero-filled pages take O_DSYNC writes twice as fast as
// fresh ones).
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "file.h"
#include "page.h"

namespace waldo {

class Preparer {
 public:
  // Without `background`, or while no thread can be started, work is done by whoever waits for it.
  Preparer(FileSystem& fs, std::string directory, const Geometry& geometry, const OpenFlags& flags,
           bool background);
  ~Preparer();

  // Asks for the page's file to be there and filled from `from` on; returns at once.
  void request(uint32_t slot, uint64_t from);

  // Returns when the file of a requested page is there and filled up to `bytes` of its frames.
  Status wait(uint32_t slot, uint64_t bytes);

  // Stops after the chunk at work. Later waits fail.
  void stop();

 private:
  struct Slot {
    bool requested = false;
    bool exists = false;
    bool done = false;
    bool failed_before = false;
    uint64_t filled = 0;  // of the page's frames
    Status status;
  };

  void run();
  bool alone();
  bool retry(uint32_t slot);
  void work(uint32_t slot);
  Status fill(uint32_t slot, uint64_t from, bool failed_before);
  bool progress(uint32_t slot, uint64_t filled);  // false: stop

  FileSystem& fs_;
  const std::string directory_;
  const Geometry geometry_;
  const OpenFlags flags_;
  const bool background_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  std::deque<uint32_t> queue_;
  std::thread thread_;
  bool stopping_ = false;
};

}  // namespace waldo
