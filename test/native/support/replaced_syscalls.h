// Replaces system calls of the POSIX file for as long as the object lives.
#pragma once

#include "posix.h"

namespace waldo {

class ReplacedSyscalls {
 public:
  ReplacedSyscalls() : original_(syscalls) {}
  ~ReplacedSyscalls() { syscalls = original_; }
  ReplacedSyscalls(const ReplacedSyscalls&) = delete;
  ReplacedSyscalls& operator=(const ReplacedSyscalls&) = delete;

  const Syscalls& original() const { return original_; }

 private:
  Syscalls original_;
};

}  // namespace waldo
