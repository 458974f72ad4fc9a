// What is done to a ring while something fails, on whichever filesystem; and what must be true of it afterwards.
#pragma once

#include <string>
#include <vector>

#include "support/ring_driver.h"

namespace waldo::faults {

// How a ring is opened.
struct Mode {
  const char* name;
  bool dsync;
  DirectIo direct;
  bool background = false;  // pages are prepared on a thread
};

// What an operation finds.
enum class Start {
  kNothing,   // no ring
  kClosed,    // a ring of several laps, closed
  kUnclosed,  // the same, left by a process that was killed
  kTorn,      // the same, left by a power loss during the write of a group
  kTailCopy,  // the same, and the power failed again while recovery wrote the tail a second time
};
constexpr Start kStarts[] = {Start::kNothing, Start::kClosed, Start::kUnclosed, Start::kTorn,
                             Start::kTailCopy};

// What must still be there. Logs are promised to a killed process when they are acknowledged, to one that lost its
// power only if the ring writes durably, or else after an open or a close.
struct Promises {
  test::Submitted logs;
  uint64_t durable = 0;
  enum class Cursor { kAbsent, kPerhaps, kThere } cursor = Cursor::kAbsent;
  uint64_t position = 0;  // acknowledged
  uint64_t asked = 0;     // the farthest one asked for
};

constexpr char kCursor[] = "c";

// A ring in use. Every method returns what the engine returned, and keeps the promises.
class Subject {
 public:
  Subject(FileSystem& fs, const std::string& directory, const Mode& mode, Promises* promises)
      : fs_(fs), directory_(directory), mode_(mode), promises_(*promises) {}

  Status open(bool read_only = false, bool honour_holds = false);
  // Gives the engine up, whatever state it is in.
  void drop() { ring_.reset(); }
  test::RingDriver& ring() { return *ring_; }

  Status append(uint32_t logs);
  Status append_group(uint32_t frames, uint32_t logs);
  // By the writing thread, which is waited for.
  Status append_queued(uint32_t logs);
  // Until the newest page has no room for ten more logs.
  Status fill_page();
  Status next_page();
  Status close();
  Status open_cursor(bool hold);
  Status commit_cursor(uint64_t position);
  Status remove_cursor();
  Status read();
  Status verify();

  // "" if the ring holds what was promised, and `least` at the least.
  std::string check(uint64_t least);
  // Whether an append is to be expected of it.
  bool writable() const { return ring_ != nullptr && !closed_ && !read_only_; }

 private:
  RingOptions options(bool read_only, bool honour_holds) const;
  Status noted(Status status);

  FileSystem& fs_;
  const std::string directory_;
  const Mode mode_;
  Promises& promises_;
  std::unique_ptr<test::RingDriver> ring_;
  bool read_only_ = false;
  bool closed_ = false;
};

struct Operation {
  const char* name;
  Start start;
  // Before anything fails. Null: the operation opens the ring itself.
  Status (*prepare)(Subject&);
  Status (*run)(Subject&);
  bool appends;  // its failure latches the ring
};

const std::vector<Operation>& operations();
// OPERATION/MODE, by which a case is asked for.
std::string name_of(const Operation& operation, const Mode& mode);

// Makes the ring of `start`, which must be one without an accident. Leaves it open unless it is to be closed.
Status build(Subject& subject, Start start);

// Opens what an accident left, and looks whether every promise was kept. "" if all is well.
std::string examine(FileSystem& fs, const std::string& directory, const Mode& mode, Promises promises,
                    uint64_t least);
// Goes on with a ring, closes it and examines it.
std::string use_again(FileSystem& fs, const std::string& directory, const Mode& mode, Promises promises);

// "" if a failed operation says what failed, and where.
std::string unclear(const Error& error);

}  // namespace waldo::faults
