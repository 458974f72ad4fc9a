// The JavaScript class Engine: one ring, as src/binding.ts declares it.
//
// Threads: everything of EngineWrap runs on the JavaScript thread. The engine's threads reach it in one way
// only, Mailbox::notify(), which wakes the event loop once however much has happened since.
//
// Hazards, and what is done about each:
// - A worker is terminated, or process.exit() is called, with appends in flight: an environment clean-up
//   hook joins all threads before the environment goes. It is added after the thread-safe function, whose
//   own hook therefore runs later (hooks run in reverse order): no thread calls into a function that is gone.
// - JavaScript throws in a callback: handed to the process as an uncaught exception, as for any callback.
// - An ArrayBuffer is collected, or its environment torn down, while its slab is being written: the slab is
//   shared, and the committer has its own share.
// - A caller detaches a slab's ArrayBuffer: submit() no longer finds the slab and refuses.
#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "addon_mailbox.h"
#include "addon_reads.h"
#include "engine.h"
#include "jobs.h"

namespace waldo {

class EngineWrap : public Napi::ObjectWrap<EngineWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit EngineWrap(const Napi::CallbackInfo& info);
  ~EngineWrap() override;

 private:
  // What jobs work on. It joins them before it goes.
  struct Core {
    Mailbox mailbox;
    std::unique_ptr<Engine> owned;         // set by the opening job, and left alone then
    std::atomic<Engine*> engine{nullptr};  // the same, for all threads
    std::atomic<bool> commits_seen{false};
    std::atomic<bool> cancelled{false};  // for what waits before there is an engine
    Jobs jobs{4};
    Reads reads{jobs, mailbox};
    void shut_down();  // joins everything; idempotent
  };

  void open(const Napi::CallbackInfo& info);
  Napi::Value allocate(const Napi::CallbackInfo& info);
  void submit(const Napi::CallbackInfo& info);
  Napi::Value commit_sync(const Napi::CallbackInfo& info);
  Napi::Value committed(const Napi::CallbackInfo& info);
  Napi::Value failure(const Napi::CallbackInfo& info);
  void read(const Napi::CallbackInfo& info);
  Napi::Value read_on(const Napi::CallbackInfo& info);
  Napi::Value bounds(const Napi::CallbackInfo& info);
  Napi::Value metadata(const Napi::CallbackInfo& info);
  void verify(const Napi::CallbackInfo& info);
  void open_cursor(const Napi::CallbackInfo& info);
  void commit_cursor(const Napi::CallbackInfo& info);
  void close_cursor(const Napi::CallbackInfo& info);
  void delete_cursor(const Napi::CallbackInfo& info);
  Napi::Value cursors(const Napi::CallbackInfo& info);
  Napi::Value room(const Napi::CallbackInfo& info);
  Napi::Value held(const Napi::CallbackInfo& info);
  void give_up_held(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);
  void ref(const Napi::CallbackInfo& info);
  void unref(const Napi::CallbackInfo& info);

  void start(const Napi::CallbackInfo& info, std::function<Status(Core&, Mailbox::Convert*)> job);
  Engine& engine(Napi::Env env);
  void deliver(Napi::Env env);
  void tell(Napi::Env env, const std::vector<Mailbox::Done>& done);
  void finish(Napi::Env env);
  static void on_environment_exit(void* wrap);

  std::shared_ptr<Core> core_ = std::make_shared<Core>();
  std::unordered_map<const void*, std::weak_ptr<Slab>> slabs_;
  Napi::FunctionReference on_commit_;
  Napi::FunctionReference on_done_;
  size_t jobs_pending_ = 0;
  bool open_called_ = false;  // a second engine in the place of the first would leave its jobs without one
  bool closing_ = false;
  bool finished_ = false;
};

}  // namespace waldo
