#include "status.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace waldo {

namespace {

// strerror_r comes in two kinds: XSI's returns an int and fills the buffer, GNU's returns the text.
[[maybe_unused]] const char* strerror_text(int result, const char* buffer) {
  return result == 0 ? buffer : "";
}
[[maybe_unused]] const char* strerror_text(const char* result, const char*) { return result; }

// "No space left on device" → "no space left on device": it stands in the middle of a sentence.
std::string describe(int sys_errno) {
  char buffer[256] = {};
  std::string text = strerror_text(strerror_r(sys_errno, buffer, sizeof buffer), buffer);
  if (text.empty()) text = "error " + std::to_string(sys_errno);
  const bool acronym = text.size() > 1 && text[1] >= 'A' && text[1] <= 'Z';
  if (!acronym && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

}  // namespace

bool Status::missing() const { return !ok() && error().sys_errno == ENOENT; }

const char* errno_name(int sys_errno) {
  struct Name {
    int value;
    const char* name;
  };
#define WALDO_ERRNO(name) \
  { name, #name }
  static constexpr Name kNames[] = {
      WALDO_ERRNO(E2BIG),        WALDO_ERRNO(EACCES),     WALDO_ERRNO(EAGAIN),
      WALDO_ERRNO(EBADF),        WALDO_ERRNO(EBUSY),      WALDO_ERRNO(ECANCELED),
      WALDO_ERRNO(ECONNREFUSED), WALDO_ERRNO(ECONNRESET), WALDO_ERRNO(EDEADLK),
      WALDO_ERRNO(EDOM),         WALDO_ERRNO(EDQUOT),     WALDO_ERRNO(EEXIST),
      WALDO_ERRNO(EFAULT),       WALDO_ERRNO(EFBIG),      WALDO_ERRNO(EHOSTDOWN),
      WALDO_ERRNO(EHOSTUNREACH), WALDO_ERRNO(EILSEQ),     WALDO_ERRNO(EINTR),
      WALDO_ERRNO(EINVAL),       WALDO_ERRNO(EIO),        WALDO_ERRNO(EISDIR),
      WALDO_ERRNO(ELOOP),        WALDO_ERRNO(EMFILE),     WALDO_ERRNO(EMLINK),
      WALDO_ERRNO(ENAMETOOLONG), WALDO_ERRNO(ENETDOWN),   WALDO_ERRNO(ENETUNREACH),
      WALDO_ERRNO(ENFILE),       WALDO_ERRNO(ENOBUFS),    WALDO_ERRNO(ENODEV),
      WALDO_ERRNO(ENOENT),       WALDO_ERRNO(ENOLCK),     WALDO_ERRNO(ENOMEM),
      WALDO_ERRNO(ENOSPC),       WALDO_ERRNO(ENOSYS),     WALDO_ERRNO(ENOTCONN),
      WALDO_ERRNO(ENOTDIR),      WALDO_ERRNO(ENOTEMPTY),  WALDO_ERRNO(ENOTSUP),
      WALDO_ERRNO(ENOTTY),       WALDO_ERRNO(ENXIO),      WALDO_ERRNO(EOVERFLOW),
      WALDO_ERRNO(EPERM),        WALDO_ERRNO(EPIPE),      WALDO_ERRNO(EPROTO),
      WALDO_ERRNO(ERANGE),       WALDO_ERRNO(EROFS),      WALDO_ERRNO(ESPIPE),
      WALDO_ERRNO(ESRCH),        WALDO_ERRNO(ESTALE),     WALDO_ERRNO(ETIMEDOUT),
      WALDO_ERRNO(ETXTBSY),      WALDO_ERRNO(EXDEV),      WALDO_ERRNO(EOPNOTSUPP),
#ifdef __linux__
      WALDO_ERRNO(EREMOTEIO),    WALDO_ERRNO(EBADMSG),    WALDO_ERRNO(ENOLINK),
      WALDO_ERRNO(ENODATA),      WALDO_ERRNO(EUCLEAN),    WALDO_ERRNO(EHWPOISON),
      WALDO_ERRNO(EKEYREJECTED), WALDO_ERRNO(ENOKEY),
#endif
  };
#undef WALDO_ERRNO
  for (const Name& entry : kNames) {
    if (entry.value == sys_errno) return entry.name;
  }
  return "";
}

Status Status::io(int sys_errno, const char* syscall, const std::string& path) {
  Error error;
  error.code = Code::kIo;
  error.sys_errno = sys_errno;
  error.syscall = syscall;
  error.path = path;
  const std::string name = errno_name(sys_errno);
  error.message = std::string(syscall) + " failed" + (path.empty() ? "" : " on " + path) + ": " +
                  describe(sys_errno) + " (" + (name.empty() ? "errno " + std::to_string(sys_errno) : name) +
                  ")";
  return Status(std::move(error));
}

Status Status::corrupt(std::string message, std::optional<LostRange> lost, std::string path) {
  Error error;
  error.code = Code::kCorrupt;
  error.message = std::move(message);
  error.lost = lost;
  error.path = std::move(path);
  return Status(std::move(error));
}

Status Status::no_thread(int sys_errno) { return io(sys_errno, "pthread_create", ""); }

Status Status::make(Code code, std::string message) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  return Status(std::move(error));
}

const Status& Status::no_memory() {
  static const Status made = make(Code::kNoMemory, "out of memory");
  return made;
}

namespace {
// Before it is needed.
[[maybe_unused]] const Status& made_at_start = Status::no_memory();
}  // namespace

Status Status::option(const char* option, std::string message) {
  Error error;
  error.code = Code::kOption;
  error.message = std::move(message);
  error.option = option;
  return Status(std::move(error));
}

}  // namespace waldo
