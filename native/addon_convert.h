// Between the engine's structures and JavaScript values. JavaScript thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "engine.h"

namespace waldo {

struct EngineOptions {
  RingOptions ring;
  size_t slabs_kept = 8;
  bool huge = false;
};

// Throws a TypeError that names the property if one is missing or of another type: src/options.ts has
// validated them, so that is a mistake in the library, not the caller's.
EngineOptions options_from(const Napi::Object& from);

Napi::Value error_to(Napi::Env env, const Status& status);  // undefined for a good one
Napi::Value opened_to(Napi::Env env, Engine& engine);
Napi::Value metadata_to(Napi::Env env, Engine& engine);
Napi::Value bounds_to(Napi::Env env, const Bounds& bounds);
Napi::Value report_to(Napi::Env env, const VerifyReport& report);
Napi::Value chunk_to(Napi::Env env, const ReadChunk& chunk);  // null for none

// An ArrayBuffer over the slab, which it keeps alive.
Napi::ArrayBuffer buffer_over(Napi::Env env, std::shared_ptr<Slab> slab);

}  // namespace waldo
