#include "addon_reads.h"

#include <utility>

#include "addon_convert.h"

namespace waldo {

bool Reads::start(Engine& engine, std::vector<double> ids, uint64_t after, size_t max_bytes) {
  auto chain = std::make_shared<Chain>();
  chain->last = ids.back();
  chain->ids.assign(ids.begin(), ids.end());
  {
    std::lock_guard<std::mutex> lock(mutex_);
    chains_[chain->last] = chain;
  }
  if (jobs_.post([this, &engine, chain, after, max_bytes] { run(engine, *chain, after, max_bytes); }).ok())
    return true;
  std::lock_guard<std::mutex> lock(mutex_);
  chains_.erase(chain->last);
  return false;
}

bool Reads::extend(const std::vector<double>& ids, double last) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = chains_.find(last);
  if (found == chains_.end()) return false;
  const auto chain = found->second;
  chains_.erase(found);
  chain->ids.insert(chain->ids.end(), ids.begin(), ids.end());
  chain->last = ids.back();
  chains_[chain->last] = chain;
  return true;
}

bool Reads::next(Chain& chain, double* id) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (chain.ids.empty()) {
    chains_.erase(chain.last);
    return false;
  }
  *id = chain.ids.front();
  chain.ids.pop_front();
  return true;
}

void Reads::run(Engine& engine, Chain& chain, uint64_t after, size_t max_bytes) {
  double id = 0;
  while (next(chain, &id)) {
    Ring::Fetched fetched;
    const Status status = guarded([&] { return engine.fetch(after, max_bytes, &fetched); });
    const bool certain = status.ok() && fetched.last_seq_no > after;
    after = fetched.last_seq_no;
    const bool goes_on = certain && after < engine.ring().bounds().tip;
    auto finish = [this, &engine, id, status, fetched = std::move(fetched)] {
      check(engine, id, status, fetched);
    };
    if (!goes_on) {
      finish();
      while (next(chain, &id)) mailbox_.post({id, Status(), nullptr});
      return;
    }
    if (!jobs_.post(finish).ok()) finish();
  }
}

void Reads::check(Engine& engine, double id, const Status& status, const Ring::Fetched& fetched) {
  ReadChunk chunk;
  Mailbox::Done done{id, status, nullptr};
  if (status.ok()) done.status = guarded([&] { return engine.check(fetched, &chunk); });
  if (done.status.ok()) done.convert = [chunk](Napi::Env env) { return chunk_to(env, chunk); };
  mailbox_.post(std::move(done));
}

}  // namespace waldo
