// Logs as the records of a batch in object storage: per log its length as u32, then its data.
#pragma once

#include <cstddef>
#include <cstdint>

namespace waldo {

enum class Packing {
  kDone,
  kNotLogs,  // from `start` to `end` there is something else than whole logs
  kNoRoom,   // the records are longer than the target
};

// Copies packed logs (their headers, data and padding) from bytes start..end of `source`, where the last one's
// padding may be left out, to the target as records. *written is their length. Trusts no length it finds.
Packing pack_records(const uint8_t* source, size_t start, size_t end, uint8_t* target, size_t room,
                     size_t* written);

}  // namespace waldo
