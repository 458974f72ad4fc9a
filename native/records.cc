#include "records.h"

#include <cstring>

#include "format.h"
#include "frame.h"

namespace waldo {

Packing pack_records(const uint8_t* source, size_t start, size_t end, uint8_t* target, size_t room,
                     size_t* written) {
  size_t to = 0;
  for (size_t from = start; from < end;) {
    if (end - from < sizeof(LogHeader)) return Packing::kNotLogs;
    const uint32_t length = load<LogHeader>(source + from).length;
    from += sizeof(LogHeader);
    if (length > end - from) return Packing::kNotLogs;
    if (room - to < sizeof(length) || room - to - sizeof(length) < length) return Packing::kNoRoom;
    std::memcpy(target + to, &length, sizeof(length));
    to += sizeof(length);
    std::memmove(target + to, source + from, length);  // callers may hand over memory that overlaps
    to += length;
    from += align_up(length, kLogAlignment);
  }
  *written = to;
  return Packing::kDone;
}

}  // namespace waldo
