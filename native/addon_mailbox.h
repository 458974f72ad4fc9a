#pragma once

#include <napi.h>

#include <functional>
#include <mutex>
#include <vector>

#include "status.h"

namespace waldo {

// What the engine's threads have to say to JavaScript.
class Mailbox {
 public:
  using Convert = std::function<Napi::Value(Napi::Env)>;
  struct Done {
    double id;
    Status status;
    Convert convert;
  };

  // Any thread.
  void notify();
  void post(Done done);

  // JavaScript thread.
  void open(Napi::Env env, napi_threadsafe_function_call_js deliver, void* context);
  std::vector<Done> take();
  void set_ref(Napi::Env env, bool ref);
  void close();

 private:
  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;
  bool notified_ = false;
  std::vector<Done> done_;
};

}  // namespace waldo
