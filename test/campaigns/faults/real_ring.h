// The ring on real files that an operation is tried on, again and again from the same beginning.
#pragma once

#include <memory>
#include <string>

#include "operations.h"
#include "scratch.h"

namespace waldo::faults {

class RealRing {
 public:
  RealRing(const Mode& mode, const Operation& operation, const Scratch& scratch)
      : mode_(mode), operation_(operation), base_(scratch / "base"), directory_(scratch / "ring") {}

  const std::string& directory() const { return directory_; }
  std::string name() const { return name_of(operation_, mode_); }
  // What is promised at the beginning.
  const Promises& promises() const { return promises_; }

  // Makes what the operation begins with.
  Status make();
  // Puts it in place, and does what comes before the operation.
  Status begin(Promises* promises, std::unique_ptr<Subject>* subject) const;
  // "" if every promise is kept by the ring that is opened again, and it can be used.
  std::string open_again(const Promises& promises) const;

 private:
  const Mode& mode_;
  const Operation& operation_;
  const std::string base_;
  const std::string directory_;
  Promises promises_;
};

}  // namespace waldo::faults
