#include "real_ring.h"

#include <cerrno>

namespace waldo::faults {

Status RealRing::make() {
  if (!Scratch::copy("", base_) || !Scratch::copy("", directory_)) return Status::io(EIO, "remove", base_);
  Subject subject(posix_file_system(), directory_, mode_, &promises_);
  WALDO_TRY(build(subject, operation_.start));
  // Copied while it is open: as a killed process leaves it.
  return Scratch::copy(directory_, base_) ? Status() : Status::io(EIO, "copy", base_);
}

Status RealRing::begin(Promises* promises, std::unique_ptr<Subject>* subject) const {
  if (!Scratch::copy(base_, directory_)) return Status::io(EIO, "copy", directory_);
  *subject = std::make_unique<Subject>(posix_file_system(), directory_, mode_, promises);
  if (operation_.prepare == nullptr) return Status();
  WALDO_TRY((*subject)->open());
  return operation_.prepare(**subject);
}

std::string RealRing::open_again(const Promises& promises) const {
  std::string wrong = examine(posix_file_system(), directory_, mode_, promises, promises.logs.acknowledged);
  if (wrong.empty()) wrong = use_again(posix_file_system(), directory_, mode_, promises);
  return wrong.empty() ? "" : "opened again: " + wrong;
}

}  // namespace waldo::faults
