// The addon's exports, as src/binding.ts declares them.
#include <napi.h>

#include <cmath>
#include <string>

#include "addon_convert.h"
#include "addon_engine.h"
#include "crc32c.h"
#include "file.h"
#include "records.h"

namespace waldo {
namespace {

Napi::Uint8Array bytes_from(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (index >= info.Length() || !info[index].IsTypedArray() ||
      info[index].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(info.Env(), std::string(name) + " must be a Uint8Array");
  }
  return info[index].As<Napi::Uint8Array>();
}

// An integer from `least` to `most`; memory that was detached meanwhile has 0 bytes.
size_t offset_from(const Napi::CallbackInfo& info, size_t index, const char* name, size_t least,
                   size_t most) {
  if (index >= info.Length() || !info[index].IsNumber())
    throw Napi::TypeError::New(info.Env(), std::string(name) + " must be a number");
  const double value = info[index].As<Napi::Number>().DoubleValue();
  if (!(value >= static_cast<double>(least) && value <= static_cast<double>(most)) ||
      value != std::floor(value)) {
    throw Napi::RangeError::New(info.Env(), std::string(name) + " must be an integer from " +
                                                std::to_string(least) + " to " + std::to_string(most) +
                                                "; received " + std::to_string(value));
  }
  return static_cast<size_t>(value);
}

Napi::Value pack_records_of(const Napi::CallbackInfo& info) {
  const auto source = bytes_from(info, 0, "source");
  const size_t start = offset_from(info, 1, "start", 0, source.ByteLength());
  const size_t end = offset_from(info, 2, "end", start, source.ByteLength());
  auto target = bytes_from(info, 3, "target");
  const size_t at = offset_from(info, 4, "at", 0, target.ByteLength());
  const size_t room = target.ByteLength() - at;
  size_t written = 0;
  switch (pack_records(source.Data(), start, end, target.Data() + at, room, &written)) {
    case Packing::kDone:
      return Napi::Number::New(info.Env(), static_cast<double>(at + written));
    case Packing::kNotLogs:
      throw Napi::RangeError::New(info.Env(), "there are no whole logs from byte " + std::to_string(start) +
                                                  " to " + std::to_string(end));
    case Packing::kNoRoom:
      break;
  }
  throw Napi::RangeError::New(info.Env(), "the records do not fit into " + std::to_string(room) + " bytes");
}

Napi::Value crc32c_of(const Napi::CallbackInfo& info) {
  const auto bytes = bytes_from(info, 0, "bytes");
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
  exports.Set("packRecords", Napi::Function::New(env, pack_records_of, "packRecords"));
  exports.Set("tryLockFile", Napi::Function::New(env, try_lock_file, "tryLockFile"));
  return exports;
}

}  // namespace
}  // namespace waldo

static Napi::Object waldo_initialize(Napi::Env env, Napi::Object exports) {
  return waldo::initialize(env, exports);
}
NODE_API_MODULE(NODE_GYP_MODULE_NAME, waldo_initialize)
