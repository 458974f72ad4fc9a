// Reads that go on from where the one before ended: one thread keeps the disk busy, another one checks what it
// delivered, and JavaScript adds to them while they are under way.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "addon_mailbox.h"
#include "engine.h"
#include "jobs.h"

namespace waldo {

class Reads {
 public:
  Reads(Jobs& jobs, Mailbox& mailbox) : jobs_(jobs), mailbox_(mailbox) {}

  // A chunk for each id, the first one with the logs after `after`. Ids that are not reached end without a value:
  // the log ended before, or what one read ended at was not certain. False if no job can be started any more.
  bool start(Engine& engine, std::vector<double> ids, uint64_t after, size_t max_bytes);
  // More of them behind the last id so far. False if those reads are over.
  bool extend(const std::vector<double>& ids, double last);

 private:
  struct Chain {
    std::deque<double> ids;  // still to be read for
    double last = 0;         // of them
  };

  void run(Engine& engine, Chain& chain, uint64_t after, size_t max_bytes);
  bool next(Chain& chain, double* id);
  void check(Engine& engine, double id, const Status& status, const Ring::Fetched& fetched);

  Jobs& jobs_;
  Mailbox& mailbox_;
  std::mutex mutex_;
  std::unordered_map<double, std::shared_ptr<Chain>> chains_;  // by the last id
};

}  // namespace waldo
