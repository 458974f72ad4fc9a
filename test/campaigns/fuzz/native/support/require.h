// What must hold for every input. Ends the program where it does not, so that libFuzzer keeps the input.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace waldo::fuzz {

[[noreturn]] inline void violated(const char* condition, const std::string& message, int line) {
  std::fprintf(stderr, "violated (line %d): %s: %s\n", line, condition, message.c_str());
  std::abort();
}

}  // namespace waldo::fuzz

#define FUZZ_REQUIRE(condition, message)                                      \
  do {                                                                        \
    if (!(condition)) ::waldo::fuzz::violated(#condition, message, __LINE__); \
  } while (0)
