#include "addon_mailbox.h"

#include <utility>

namespace waldo {

void Mailbox::open(Napi::Env env, napi_threadsafe_function_call_js deliver, void* context) {
  napi_value name = Napi::String::New(env, "waldo");
  const napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr,
                                                             nullptr, context, deliver, &function_);
  if (status != napi_ok) throw Napi::Error::New(env);
  (void)napi_unref_threadsafe_function(env, function_);
}

void Mailbox::notify() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (notified_ || function_ == nullptr) return;
  notified_ = napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) == napi_ok;
}

void Mailbox::post(Done done) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    done_.push_back(std::move(done));
  }
  notify();
}

std::vector<Mailbox::Done> Mailbox::take() {
  std::lock_guard<std::mutex> lock(mutex_);
  notified_ = false;
  return std::move(done_);
}

void Mailbox::set_ref(Napi::Env env, bool ref) {
  if (function_ == nullptr) return;
  (void)(ref ? napi_ref_threadsafe_function(env, function_) : napi_unref_threadsafe_function(env, function_));
}

void Mailbox::close() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (function_ == nullptr) return;
  (void)napi_release_threadsafe_function(function_, napi_tsfn_release);
  function_ = nullptr;
}

}  // namespace waldo
