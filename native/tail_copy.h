// TAIL: a copy of the frames at the tip while recovery writes them again in place. Acknowledged logs may be
// among them, and a power loss in the middle of that write could garble a sector of theirs; then the copy
// has it. Only buffered rings need it: what a direct read returns is on the device.
#pragma once

#include <string>

#include "file.h"
#include "page.h"

namespace waldo {

// Writes the copy, durably.
Status write_tail_copy(FileSystem& fs, const std::string& directory, const Page& page, uint64_t from,
                       uint32_t mode);

// Puts a copy that is there and whole back in place: its page is the one it was made of, since nothing else
// is written before the copy is removed. A copy cut short means that the page was not touched yet. *found:
// there is a file to remove.
Status restore_tail_copy(FileSystem& fs, const std::string& directory,
                         std::vector<std::shared_ptr<Page>>& pages, uint32_t mode, bool* found);

Status remove_tail_copy(FileSystem& fs, const std::string& directory);

}  // namespace waldo
