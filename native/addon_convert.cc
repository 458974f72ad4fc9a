#include "addon_convert.h"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>

namespace waldo {

namespace {

// Sequence numbers and sizes stay below 2^53, where a double is exact.
Napi::Number number(Napi::Env env, uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

uint64_t get_number(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsNumber()) throw Napi::TypeError::New(from.Env(), std::string(name) + " must be a number");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= 0 && number <= static_cast<double>(kMaxSeqNo))) {
    throw Napi::TypeError::New(from.Env(), std::string(name) + " is out of range");
  }
  return static_cast<uint64_t>(number);
}

bool get_bool(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsBoolean()) throw Napi::TypeError::New(from.Env(), std::string(name) + " must be a boolean");
  return value.As<Napi::Boolean>().Value();
}

Napi::Object range_to(Napi::Env env, const LostRange& range) {
  auto object = Napi::Object::New(env);
  object.Set("page", number(env, range.page));
  object.Set("offset", number(env, range.offset));
  if (range.first != 0) object.Set("firstLost", number(env, range.first));
  if (range.last != 0) object.Set("lastLost", number(env, range.last));
  return object;
}

const char* outcome_name(RecoveryReport::Outcome outcome) {
  switch (outcome) {
    case RecoveryReport::Outcome::kCreated:
      return "created";
    case RecoveryReport::Outcome::kClean:
      return "clean";
    case RecoveryReport::Outcome::kRecovered:
      return "recovered";
    case RecoveryReport::Outcome::kSalvaged:
      return "salvaged";
    case RecoveryReport::Outcome::kLive:
      return "live";
  }
  return "";
}

const char* huge_name(HugePages huge) {
  switch (huge) {
    case HugePages::kNone:
      return "none";
    case HugePages::kTransparent:
      return "transparent";
    case HugePages::kExplicit:
      return "explicit";
  }
  return "";
}

Napi::Object recovery_to(Napi::Env env, const RecoveryReport& report) {
  auto object = Napi::Object::New(env);
  object.Set("outcome", outcome_name(report.outcome));
  object.Set("tornBytes", number(env, report.torn_bytes));
  object.Set("rewrittenBytes", number(env, report.rewritten_bytes));
  object.Set("scannedBytes", number(env, report.scanned_bytes));
  object.Set("scannedFrames", number(env, report.scanned_frames));
  auto healed = Napi::Array::New(env, report.healed.size());
  for (size_t i = 0; i < report.healed.size(); ++i) healed.Set(static_cast<uint32_t>(i), report.healed[i]);
  object.Set("healed", healed);
  auto gaps = Napi::Array::New(env, report.gaps.size());
  for (size_t i = 0; i < report.gaps.size(); ++i)
    gaps.Set(static_cast<uint32_t>(i), range_to(env, report.gaps[i]));
  object.Set("gaps", gaps);
  return object;
}

Napi::Array pages_to(Napi::Env env, const RingInfo& info) {
  auto pages = Napi::Array::New(env, info.pages.size());
  for (size_t i = 0; i < info.pages.size(); ++i) {
    const PageInfo& from = info.pages[i];
    auto page = Napi::Object::New(env);
    page.Set("page", number(env, from.state.page_no));
    page.Set("slot", number(env, from.slot));
    page.Set("firstSeqNo", number(env, from.first_seq_no));
    page.Set("lastSeqNo", number(env, from.first_seq_no == 0 ? 0 : from.state.last_seq_no));
    page.Set("logCount", number(env, from.state.log_count));
    page.Set("bytes", number(env, from.state.end_offset));
    page.Set("sealed", from.state.sealed());
    page.Set("indexCount", number(env, from.index_count));
    pages.Set(static_cast<uint32_t>(i), page);
  }
  return pages;
}

}  // namespace

EngineOptions options_from(const Napi::Object& from) {
  EngineOptions options;
  RingOptions& ring = options.ring;
  ring.ring_size = static_cast<uint32_t>(get_number(from, "ringSize"));
  ring.file_capacity = get_number(from, "fileCapacity");
  ring.page_capacity = get_number(from, "pageCapacity");
  ring.index_capacity = static_cast<uint32_t>(get_number(from, "indexCapacity"));
  ring.index_spacing.bytes = get_number(from, "indexSparseBytes");
  ring.index_spacing.count = get_number(from, "indexSparseCount");
  ring.buf_capacity = static_cast<uint32_t>(get_number(from, "bufCapacity"));
  ring.alignment = static_cast<uint32_t>(get_number(from, "alignment"));
  ring.dsync = get_bool(from, "fileODsync");
  ring.direct = static_cast<DirectIo>(get_number(from, "directIo"));
  ring.honour_holds = get_bool(from, "honourHolds");
  ring.salvage = get_bool(from, "salvage");
  ring.read_only = get_bool(from, "readOnly");
  ring.allow_network = get_bool(from, "allowNetworkFilesystem");
  ring.mode = static_cast<uint32_t>(get_number(from, "mode"));
  ring.holder = "process " + std::to_string(getpid());
  options.slabs_kept = get_number(from, "slabsKept");
  options.huge = get_bool(from, "hugeBuf");
  const Napi::Value given = from.Get("explicit");
  if (!given.IsObject()) throw Napi::TypeError::New(from.Env(), "explicit must be an object");
  const auto flags = given.As<Napi::Object>();
  ring.given.ring_size = get_bool(flags, "ringSize");
  ring.given.file_capacity = get_bool(flags, "fileCapacity");
  ring.given.index_capacity = get_bool(flags, "indexCapacity");
  ring.given.alignment = get_bool(flags, "alignment");
  ring.given.buf_capacity = get_bool(flags, "bufCapacity");
  ring.given.index_sparse_bytes = get_bool(flags, "indexSparseBytes");
  const Napi::Value id = from.Get("ringId");
  if (!id.IsTypedArray() || id.As<Napi::TypedArray>().ByteLength() != ring.ring_id.size()) {
    throw Napi::TypeError::New(from.Env(), "ringId must be 16 bytes");
  }
  const auto bytes = id.As<Napi::Uint8Array>();
  std::memcpy(ring.ring_id.data(), bytes.Data(), ring.ring_id.size());
  return options;
}

Napi::Value error_to(Napi::Env env, const Status& status) {
  if (status.ok()) return env.Undefined();
  const Error& error = status.error();
  auto object = Napi::Object::New(env);
  object.Set("code", Napi::Number::New(env, static_cast<int>(error.code)));
  object.Set("message", error.message);
  if (error.sys_errno != 0) {
    object.Set("errno", Napi::Number::New(env, error.sys_errno));
    object.Set("errnoName", errno_name(error.sys_errno));
  }
  if (error.syscall != nullptr) object.Set("syscall", error.syscall);
  if (!error.path.empty()) object.Set("path", error.path);
  if (error.lost) {
    const Napi::Object range = range_to(env, *error.lost);
    for (const char* name : {"page", "offset", "firstLost", "lastLost"}) {
      if (range.Has(name)) object.Set(name, range.Get(name));
    }
  }
  if (error.oldest) object.Set("oldestSeqNo", number(env, *error.oldest));
  if (!error.holder.empty()) object.Set("holder", error.holder);
  if (error.option != nullptr) object.Set("option", error.option);
  return object;
}

Napi::Value opened_to(Napi::Env env, Engine& engine) {
  const RingInfo info = engine.ring().info();
  const RingOptions& options = engine.ring().options();
  auto object = Napi::Object::New(env);
  object.Set("ringSize", number(env, info.geometry.ring_size));
  object.Set("fileCapacity", number(env, info.geometry.file_capacity));
  object.Set("indexCapacity", number(env, info.geometry.index_capacity));
  object.Set("alignment", number(env, info.geometry.alignment));
  object.Set("bufCapacity", number(env, options.buf_capacity));
  object.Set("directIo", info.direct);
  object.Set("hugeBuf", huge_name(engine.slabs().huge_pages()));
  object.Set("tipSeqNo", number(env, info.bounds.empty ? 0 : info.bounds.tip));
  object.Set("empty", info.bounds.empty);
  object.Set("frameHeaderBytes", number(env, sizeof(FrameHeader)));
  object.Set("logHeaderBytes", number(env, sizeof(LogHeader)));
  const uint64_t room = options.buf_capacity - sizeof(FrameHeader) - sizeof(LogHeader) - (kLogAlignment - 1);
  object.Set("maxLogBytes", number(env, std::min<uint64_t>(kMaxLogBytes, room)));
  return object;
}

Napi::Value metadata_to(Napi::Env env, Engine& engine) {
  const RingInfo info = engine.ring().info();
  const RingOptions& options = engine.ring().options();
  auto object = Napi::Object::New(env);
  object.Set("ringId",
             Napi::Buffer<uint8_t>::Copy(env, info.geometry.ring_id.data(), info.geometry.ring_id.size()));
  char epoch[20];
  std::snprintf(epoch, sizeof(epoch), "%016" PRIx64, info.epoch);
  object.Set("epoch", epoch);
  object.Set("empty", info.bounds.empty);
  object.Set("prevSeqNo", number(env, info.bounds.tip));
  object.Set("afterSeqNo", number(env, info.bounds.after));
  object.Set("logCount", number(env, info.log_count));
  object.Set("indexCount", number(env, info.index_count));
  object.Set("diskSize", number(env, info.disk_bytes));
  object.Set("indexSize", number(env, info.index_count * sizeof(IndexEntry)));
  object.Set("pages", pages_to(env, info));
  object.Set("ringSize", number(env, info.geometry.ring_size));
  object.Set("fileCapacity", number(env, info.geometry.file_capacity));
  object.Set("pageCapacity", number(env, options.page_capacity));
  object.Set("indexCapacity", number(env, info.geometry.index_capacity));
  object.Set("indexSparseBytes", number(env, options.index_spacing.bytes));
  object.Set("indexSparseCount", number(env, options.index_spacing.count));
  object.Set("bufCapacity", number(env, options.buf_capacity));
  object.Set("alignment", number(env, info.geometry.alignment));
  object.Set("directIo", info.direct);
  object.Set("fileODsync", options.dsync);
  object.Set("commits", number(env, info.commits));
  object.Set("recovery", recovery_to(env, info.recovery));
  return object;
}

Napi::Value bounds_to(Napi::Env env, const Bounds& bounds) {
  auto object = Napi::Object::New(env);
  object.Set("empty", bounds.empty);
  object.Set("afterSeqNo", number(env, bounds.after));
  object.Set("tipSeqNo", number(env, bounds.tip));
  object.Set("page", number(env, bounds.page));
  return object;
}

Napi::Value report_to(Napi::Env env, const VerifyReport& report) {
  auto object = Napi::Object::New(env);
  object.Set("pages", number(env, report.pages));
  object.Set("frames", number(env, report.frames));
  object.Set("logs", number(env, report.logs));
  object.Set("bytes", number(env, report.bytes));
  auto problems = Napi::Array::New(env, report.problems.size());
  for (size_t i = 0; i < report.problems.size(); ++i) {
    Napi::Object problem = range_to(env, report.problems[i].range);
    problem.Set("kind", report.problems[i].kind);
    problem.Set("message", report.problems[i].message);
    problems.Set(static_cast<uint32_t>(i), problem);
  }
  object.Set("problems", problems);
  return object;
}

Napi::ArrayBuffer buffer_over(Napi::Env env, std::shared_ptr<Slab> slab) {
  auto* const owner = new std::shared_ptr<Slab>(std::move(slab));
  napi_value result = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, (*owner)->data(), (*owner)->bytes(),
      [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<Slab>*>(hint); }, owner, &result);
  if (status != napi_ok) {
    delete owner;
    throw Napi::Error::New(env, "this JavaScript runtime does not allow buffers over native memory");
  }
  return Napi::ArrayBuffer(env, result);
}

Napi::Value chunk_to(Napi::Env env, const ReadChunk& chunk) {
  if (!chunk.slab) return env.Null();
  auto object = Napi::Object::New(env);
  object.Set("buffer", buffer_over(env, chunk.slab));
  object.Set("start", number(env, chunk.start));
  object.Set("end", number(env, chunk.end));
  object.Set("count", number(env, chunk.count));
  object.Set("firstSeqNo", number(env, chunk.first_seq_no));
  object.Set("lastSeqNo", number(env, chunk.last_seq_no));
  object.Set("prevSeqNo", number(env, chunk.prev_seq_no));
  return object;
}

}  // namespace waldo
