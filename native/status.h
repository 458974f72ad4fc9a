// The outcome of an operation. Codes are typed here once; the TypeScript side maps them to WALDO_… names.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>

namespace waldo {

enum class Code : int {
  kIo = 1,
  kCorrupt = 2,
  kTrimmed = 3,
  kLocked = 4,
  kClosed = 5,
  kOption = 6,
  kVersion = 7,
  kExceedsLimit = 8,
  kInternal = 9,
  kCursor = 10,
  kNotFound = 11,
  kFull = 12,
  kNoMemory = 13,
};

struct LostRange {
  uint64_t page = 0;    // page number in the log
  uint64_t offset = 0;  // within the page's frames
  uint64_t first = 0;   // lost logs, inclusive; 0 for an end that is not known
  uint64_t last = 0;
};

struct Error {
  Code code = Code::kInternal;
  std::string message;
  int sys_errno = 0;               // kIo
  const char* syscall = nullptr;   // kIo
  std::string path;                // kIo and kCorrupt, where one file is meant
  std::optional<LostRange> lost;   // kCorrupt
  std::optional<uint64_t> oldest;  // kTrimmed: the oldest log still there
  std::string holder;              // kLocked
  const char* option = nullptr;    // kOption: as JavaScript spells it
};

// Empty when all is well; one pointer, so that the good path costs nothing.
class [[nodiscard]] Status {
 public:
  Status() = default;
  explicit Status(Error error) : error_(std::make_shared<const Error>(std::move(error))) {}

  bool ok() const { return error_ == nullptr; }
  explicit operator bool() const = delete;
  const Error& error() const { return *error_; }
  // Whether a file or directory was not there.
  bool missing() const;

  static Status io(int sys_errno, const char* syscall, const std::string& path);
  static Status corrupt(std::string message, std::optional<LostRange> lost = std::nullopt,
                        std::string path = "");
  static Status make(Code code, std::string message);
  static Status option(const char* option, std::string message);
  // The process, or its user or container, may have no more of them.
  static Status no_thread(int sys_errno);
  // Made beforehand: to say this takes no memory.
  static const Status& no_memory();

 private:
  std::shared_ptr<const Error> error_;
};

// What `call` returns, or that it ran out of memory or threads: for threads that nobody catches anything from, and for
// whoever must not be left half-way.
template <typename Call>
Status guarded(Call call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return Status::no_memory();
  } catch (const std::system_error& error) {  // of std::thread alone
    return Status::no_thread(error.code().value());
  }
}

// The symbolic name of an errno ("ENOSPC"), or "" where this platform has none.
const char* errno_name(int sys_errno);

}  // namespace waldo

#define WALDO_TRY(expression)                              \
  do {                                                     \
    ::waldo::Status waldo_try_status_ = (expression);      \
    if (!waldo_try_status_.ok()) return waldo_try_status_; \
  } while (0)
