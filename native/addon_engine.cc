#include "addon_engine.h"

#include "addon_convert.h"

namespace waldo {

Napi::Function EngineWrap::define(Napi::Env env) {
  return DefineClass(env, "Engine",
                     {InstanceMethod<&EngineWrap::open>("open"),
                      InstanceMethod<&EngineWrap::allocate>("allocate"),
                      InstanceMethod<&EngineWrap::submit>("submit"),
                      InstanceMethod<&EngineWrap::commit_sync>("commitSync"),
                      InstanceMethod<&EngineWrap::committed>("committed"),
                      InstanceMethod<&EngineWrap::failure>("failure"),
                      InstanceMethod<&EngineWrap::read>("read"),
                      InstanceMethod<&EngineWrap::read_on>("readOn"),
                      InstanceMethod<&EngineWrap::bounds>("bounds"),
                      InstanceMethod<&EngineWrap::metadata>("metadata"),
                      InstanceMethod<&EngineWrap::verify>("verify"),
                      InstanceMethod<&EngineWrap::open_cursor>("openCursor"),
                      InstanceMethod<&EngineWrap::commit_cursor>("commitCursor"),
                      InstanceMethod<&EngineWrap::close_cursor>("closeCursor"),
                      InstanceMethod<&EngineWrap::delete_cursor>("deleteCursor"),
                      InstanceMethod<&EngineWrap::cursors>("cursors"),
                      InstanceMethod<&EngineWrap::room>("room"),
                      InstanceMethod<&EngineWrap::held>("held"),
                      InstanceMethod<&EngineWrap::give_up_held>("giveUpHeld"),
                      InstanceMethod<&EngineWrap::close>("close"),
                      InstanceMethod<&EngineWrap::ref>("ref"),
                      InstanceMethod<&EngineWrap::unref>("unref")});
}

EngineWrap::EngineWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineWrap>(info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsFunction() || !info[1].IsFunction()) {
    throw Napi::TypeError::New(env, "Engine takes two functions: onCommit and onDone");
  }
  on_commit_ = Napi::Persistent(info[0].As<Napi::Function>());
  on_done_ = Napi::Persistent(info[1].As<Napi::Function>());
  core_->mailbox.open(
      env,
      [](napi_env env, napi_value, void* context, void*) {
        if (env != nullptr)
          static_cast<EngineWrap*>(context)->deliver(env);  // null while the environment goes down
      },
      this);
  napi_add_env_cleanup_hook(env, &EngineWrap::on_environment_exit, this);
  Ref();  // threads know this object: it stays until close() is done or the environment goes
}

EngineWrap::~EngineWrap() {
  if (finished_) return;
  napi_remove_env_cleanup_hook(Env(), &EngineWrap::on_environment_exit, this);
  core_->shut_down();
}

void EngineWrap::Core::shut_down() {
  cancelled = true;
  if (Engine* const open = engine) open->ring().cancel();
  jobs.stop();
  if (owned) (void)owned->close();
  mailbox.close();
}

void EngineWrap::on_environment_exit(void* wrap) {
  auto* const self = static_cast<EngineWrap*>(wrap);
  self->finished_ = true;
  self->core_->shut_down();
}

Engine& EngineWrap::engine(Napi::Env env) {
  if (!core_->engine) throw Napi::TypeError::New(env, "the engine is not open");
  return *core_->engine;
}

// Runs `job` off the JavaScript thread; its outcome comes to onDone under the id that is the first
// argument.
void EngineWrap::start(const Napi::CallbackInfo& info, std::function<Status(Core&, Mailbox::Convert*)> job) {
  if (info.Length() < 1 || !info[0].IsNumber())
    throw Napi::TypeError::New(info.Env(), "the first argument is the job's id");
  const double id = info[0].As<Napi::Number>().DoubleValue();
  // The job does not own the core: that joins the job's thread before it goes.
  Core* const core = core_.get();
  const Status posted = core->jobs.post([core, id, job = std::move(job)] {
    Mailbox::Done done{id, Status(), nullptr};
    done.status = guarded([&] { return job(*core, &done.convert); });
    core->mailbox.post(std::move(done));
  });
  if (!posted.ok() && posted.error().code == Code::kClosed)
    throw Napi::Error::New(info.Env(), posted.error().message);
  if (!posted.ok()) core->mailbox.post({id, posted, nullptr});
  ++jobs_pending_;
}

void EngineWrap::open(const Napi::CallbackInfo& info) {
  if (info.Length() < 3 || !info[1].IsString() || !info[2].IsObject()) {
    throw Napi::TypeError::New(info.Env(), "open takes an id, a directory and options");
  }
  if (open_called_) throw Napi::TypeError::New(info.Env(), "open was called before");
  const std::string directory = info[1].As<Napi::String>();
  const EngineOptions options = options_from(info[2].As<Napi::Object>());
  start(info, [directory, options](Core& core, Mailbox::Convert* convert) {
    auto on_progress = [&core] {
      core.commits_seen.store(true, std::memory_order_release);
      core.mailbox.notify();
    };
    RingOptions ring = options.ring;
    ring.cancelled = &core.cancelled;
    WALDO_TRY(Engine::open(posix_file_system(), directory, ring, options.slabs_kept, options.huge,
                           on_progress, &core.owned));
    core.engine = core.owned.get();
    *convert = [&core](Napi::Env env) { return opened_to(env, *core.engine); };
    return Status();
  });
  open_called_ = true;
}

Napi::Value EngineWrap::allocate(const Napi::CallbackInfo& info) {
  auto slab = engine(info.Env()).slabs().take();
  if (!slab) throw Napi::RangeError::New(info.Env(), "out of memory for a slab");
  if (slabs_.size() > 4096) {
    for (auto at = slabs_.begin(); at != slabs_.end();)
      at = at->second.expired() ? slabs_.erase(at) : std::next(at);
  }
  slabs_[slab->data()] = slab;
  return buffer_over(info.Env(), std::move(slab));
}

void EngineWrap::submit(const Napi::CallbackInfo& info) {
  if (info.Length() < 5 || !info[0].IsArrayBuffer() || !info[1].IsNumber() || !info[2].IsNumber() ||
      !info[3].IsNumber()) {
    throw Napi::TypeError::New(info.Env(), "submit takes a slab, start, end, count and wake");
  }
  const auto found = slabs_.find(info[0].As<Napi::ArrayBuffer>().Data());
  const auto slab = found == slabs_.end() ? nullptr : found->second.lock();
  if (!slab) throw Napi::TypeError::New(info.Env(), "the buffer is no slab of this engine");
  const bool wake = info[4].ToBoolean();
  const Status status =
      engine(info.Env())
          .submit(slab, info[1].As<Napi::Number>().Uint32Value(), info[2].As<Napi::Number>().Uint32Value(),
                  info[3].As<Napi::Number>().Uint32Value(), wake);
  // A latched failure reaches the caller through onCommit; anything else is a mistake in the library.
  if (!status.ok() && status.error().code == Code::kInternal && engine(info.Env()).failure().ok()) {
    throw Napi::TypeError::New(info.Env(), status.error().message);
  }
}

Napi::Value EngineWrap::commit_sync(const Napi::CallbackInfo& info) {
  engine(info.Env()).commit_now();
  return committed(info);
}

Napi::Value EngineWrap::committed(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(engine(info.Env()).committed()));
}

Napi::Value EngineWrap::failure(const Napi::CallbackInfo& info) {
  return error_to(info.Env(), engine(info.Env()).failure());
}

namespace {

std::vector<double> ids_from(const Napi::CallbackInfo& info) {
  if (info.Length() < 2 || !info[0].IsArray() || !info[1].IsNumber())
    throw Napi::TypeError::New(info.Env(), "a read takes ids and a number");
  const auto given = info[0].As<Napi::Array>();
  std::vector<double> ids(given.Length());
  for (uint32_t i = 0; i < given.Length(); ++i) ids[i] = given.Get(i).ToNumber().DoubleValue();
  if (ids.empty()) throw Napi::TypeError::New(info.Env(), "a read takes at least one id");
  return ids;
}

}  // namespace

void EngineWrap::read(const Napi::CallbackInfo& info) {
  auto ids = ids_from(info);
  if (info.Length() < 3 || !info[2].IsNumber())
    throw Napi::TypeError::New(info.Env(), "read takes ids, a sequence number and a number of bytes");
  const auto after = static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value());
  const size_t max_bytes = info[2].As<Napi::Number>().Uint32Value();
  const size_t count = ids.size();
  if (!core_->reads.start(engine(info.Env()), std::move(ids), after, max_bytes))
    throw Napi::Error::New(info.Env(), "the engine is closed");
  jobs_pending_ += count;
}

Napi::Value EngineWrap::read_on(const Napi::CallbackInfo& info) {
  const auto ids = ids_from(info);
  const bool extended = core_->reads.extend(ids, info[1].As<Napi::Number>().DoubleValue());
  if (extended) jobs_pending_ += ids.size();
  return Napi::Boolean::New(info.Env(), extended);
}

Napi::Value EngineWrap::bounds(const Napi::CallbackInfo& info) {
  engine(info.Env()).ring().catch_up();
  return bounds_to(info.Env(), engine(info.Env()).ring().bounds());
}

Napi::Value EngineWrap::metadata(const Napi::CallbackInfo& info) {
  engine(info.Env()).ring().catch_up();
  return metadata_to(info.Env(), engine(info.Env()));
}

void EngineWrap::verify(const Napi::CallbackInfo& info) {
  engine(info.Env());
  start(info, [](Core& core, Mailbox::Convert* convert) {
    VerifyReport report;
    WALDO_TRY(core.engine.load()->ring().verify(&report));
    *convert = [report](Napi::Env env) { return report_to(env, report); };
    return Status();
  });
}

void EngineWrap::close(const Napi::CallbackInfo& info) {
  start(info, [](Core& core, Mailbox::Convert*) { return core.owned ? core.owned->close() : Status(); });
  closing_ = true;
}

void EngineWrap::ref(const Napi::CallbackInfo& info) { core_->mailbox.set_ref(info.Env(), true); }

void EngineWrap::unref(const Napi::CallbackInfo& info) { core_->mailbox.set_ref(info.Env(), false); }

namespace {

// Calls a function; what it throws is the process's uncaught exception. False if the environment is going down.
bool call(Napi::Env env, const Napi::FunctionReference& function,
          std::initializer_list<napi_value> arguments) {
  const napi_status called = napi_call_function(env, env.Undefined(), function.Value(), arguments.size(),
                                                arguments.begin(), nullptr);
  if (called == napi_ok) return true;
  napi_value thrown = nullptr;
  if (called != napi_pending_exception || napi_get_and_clear_last_exception(env, &thrown) != napi_ok)
    return false;
  return napi_fatal_exception(env, thrown) == napi_ok;
}

}  // namespace

// Called on the event loop, once for everything that came since the last time.
void EngineWrap::deliver(Napi::Env env) {
  Napi::HandleScope scope(env);
  const std::vector<Mailbox::Done> done = core_->mailbox.take();
  jobs_pending_ -= done.size();
  // An engine that could not be opened is of no further use: it is let go of at once.
  if (!done.empty() && !core_->engine) closing_ = true;
  try {
    tell(env, done);
  } catch (const Napi::Error&) {
    // Making a value failed: nothing can be said to an environment that is going down.
  }
  if (closing_ && jobs_pending_ == 0) finish(env);
}

void EngineWrap::tell(Napi::Env env, const std::vector<Mailbox::Done>& done) {
  if (core_->commits_seen.exchange(false, std::memory_order_acquire) && core_->engine) {
    const Engine& engine = *core_->engine;
    const auto committed = Napi::Number::New(env, static_cast<double>(engine.committed()));
    if (!call(env, on_commit_, {committed, error_to(env, engine.failure())})) return;
  }
  for (const Mailbox::Done& message : done) {
    Napi::HandleScope message_scope(env);
    const Napi::Value value = message.status.ok() && message.convert ? message.convert(env) : env.Undefined();
    if (!call(env, on_done_, {Napi::Number::New(env, message.id), error_to(env, message.status), value}))
      return;
  }
}

// Nothing will be said any more: the event loop and the garbage collector are free of this object.
void EngineWrap::finish(Napi::Env env) {
  if (finished_) return;
  finished_ = true;
  core_->shut_down();
  core_->engine = nullptr;
  core_->owned.reset();  // its files are closed now, not when this object is collected
  // They lead back to this object, which could never be collected.
  on_commit_.Reset();
  on_done_.Reset();
  napi_remove_env_cleanup_hook(env, &EngineWrap::on_environment_exit, this);
  Unref();
}

}  // namespace waldo
