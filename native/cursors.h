// Durable cursors: named reading positions, a file each in the directory `cursors`. Other processes may make,
// move and delete cursors of the same ring at any time: the files are what counts, and a cursor that is open is
// locked.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "file.h"
#include "format.h"
#include "frame.h"

namespace waldo {

struct CursorState {
  std::string name;
  uint64_t position = 0;
  bool hold = false;
  bool damaged = false;  // neither copy is valid: nobody knows its position
  bool foreign = false;  // it belongs to another ring
};

class Cursors {
 public:
  Cursors(FileSystem& fs, const std::string& directory, const RingId& ring_id, uint32_t mode,
          std::string holder)
      : fs_(fs),
        directory_(directory + "/cursors"),
        parent_(directory),
        ring_id_(ring_id),
        mode_(mode),
        holder_(std::move(holder)) {}

  // Letters, digits, '-' and '_'.
  static bool name_valid(const std::string& name);

  // Locks the cursor, and makes it at `start` if there is none: *created. `hold`, if given, replaces what it
  // was made with. kLocked if it is open already, wherever.
  Status open(const std::string& name, const bool* hold, uint64_t start, CursorState* state, bool* created);
  // Durable on return.
  Status commit(const std::string& name, uint64_t position);
  void close(const std::string& name);
  // Deletes a cursor that is open here, or that nobody has open.
  Status remove(const std::string& name);

  // What the files say, ordered by name; no older than `max_age`.
  Status list(std::vector<CursorState>* states,
              std::chrono::milliseconds max_age = std::chrono::milliseconds(0));

 private:
  struct OpenCursor {
    std::unique_ptr<Lock> lock;
    std::unique_ptr<File> file;
    CursorRecord record{};
  };

  std::string path_of(const std::string& name) const { return directory_ + "/" + name + ".cursor"; }
  std::string lock_path_of(const std::string& name) const { return directory_ + "/" + name + ".lock"; }
  CursorRecord record_of(uint64_t position, bool hold) const;
  Status lock(const std::string& name, std::unique_ptr<Lock>* lock);
  Status load_file(const std::string& name, bool write, std::unique_ptr<File>* file, CursorRecord* record,
                   CursorState* state) const;
  Status write(OpenCursor& cursor, CursorRecord next);
  Status look_at(const std::string& name, CursorState* state) const;
  Status scan();

  FileSystem& fs_;
  const std::string directory_;
  const std::string parent_;
  const RingId ring_id_;
  const uint32_t mode_;
  const std::string holder_;
  std::mutex mutex_;
  std::map<std::string, OpenCursor> open_;
  std::vector<CursorState> scanned_;
  std::chrono::steady_clock::time_point scanned_at_{};
};

}  // namespace waldo
