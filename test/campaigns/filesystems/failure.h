// How the campaign's programs give up: what keeps them from running at all, and what they found.
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace waldo::test {

// The machine cannot do what the campaign needs.
struct NotRun : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void fail_with_errno(const std::string& what) {
  throw std::runtime_error(what + " failed: " + strerror(errno));
}

}  // namespace waldo::test
