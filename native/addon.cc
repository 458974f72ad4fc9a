// The addon's exports, as src/binding.ts declares them.
#include <napi.h>

#include "addon_convert.h"
#include "addon_engine.h"
#include "crc32c.h"
#include "file.h"

namespace waldo {
namespace {

Napi::Value crc32c_of(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsTypedArray() ||
      info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(info.Env(), "crc32c takes a Uint8Array");
  }
  const auto bytes = info[0].As<Napi::Uint8Array>();
  const uint32_t seed =
      info.Length() > 1 && info[1].IsNumber() ? info[1].As<Napi::Number>().Uint32Value() : 0;
  return Napi::Number::New(info.Env(), crc32c(seed, bytes.Data(), bytes.ByteLength()));
}

Napi::Value try_lock_file(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsNumber())
    throw Napi::TypeError::New(info.Env(), "tryLockFile takes a descriptor");
  bool locked = false;
  const Status status = try_lock(info[0].As<Napi::Number>().Int32Value(), &locked);
  return status.ok() ? Napi::Boolean::New(info.Env(), locked) : error_to(info.Env(), status);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Engine", EngineWrap::define(env));
  exports.Set("crc32c", Napi::Function::New(env, crc32c_of, "crc32c"));
  exports.Set("crc32cImplementation",
              Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::String::New(info.Env(), crc32c_implementation());
              }));
  exports.Set("tryLockFile", Napi::Function::New(env, try_lock_file, "tryLockFile"));
  return exports;
}

}  // namespace
}  // namespace waldo

static Napi::Object waldo_initialize(Napi::Env env, Napi::Object exports) {
  return waldo::initialize(env, exports);
}
NODE_API_MODULE(NODE_GYP_MODULE_NAME, waldo_initialize)
