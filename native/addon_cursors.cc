// Durable cursors, as src/binding.ts declares them: methods of EngineWrap.
#include "addon_convert.h"
#include "addon_engine.h"

namespace waldo {

namespace {

std::string name_from(const Napi::CallbackInfo& info) {
  if (info.Length() < 2 || !info[1].IsString())
    throw Napi::TypeError::New(info.Env(), "the second argument is the cursor's name");
  std::string name = info[1].As<Napi::String>().Utf8Value();
  if (!Cursors::name_valid(name)) throw Napi::TypeError::New(info.Env(), "the cursor's name is not valid");
  return name;
}

uint64_t position_from(const Napi::CallbackInfo& info, size_t at) {
  const double number =
      info.Length() > at && info[at].IsNumber() ? info[at].As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= static_cast<double>(kMaxSeqNo)))
    throw Napi::TypeError::New(info.Env(), "a position is a sequence number");
  return static_cast<uint64_t>(number);
}

Napi::Object state_to(Napi::Env env, const CursorState& state) {
  auto object = Napi::Object::New(env);
  object.Set("name", state.name);
  object.Set("position", Napi::Number::New(env, static_cast<double>(state.position)));
  object.Set("hold", state.hold);
  object.Set("damaged", state.damaged || state.foreign);
  return object;
}

}  // namespace

void EngineWrap::open_cursor(const Napi::CallbackInfo& info) {
  engine(info.Env());
  const std::string name = name_from(info);
  const bool given = info.Length() > 2 && info[2].IsBoolean();
  const bool hold = given && info[2].As<Napi::Boolean>().Value();
  const uint64_t start_at = position_from(info, 3);
  start(info, [name, given, hold, start_at](Core& core, Mailbox::Convert* convert) {
    CursorState state;
    WALDO_TRY(core.engine.load()->ring().open_cursor(name, given ? &hold : nullptr, start_at, &state));
    *convert = [state](Napi::Env env) { return state_to(env, state); };
    return Status();
  });
}

void EngineWrap::commit_cursor(const Napi::CallbackInfo& info) {
  engine(info.Env());
  const std::string name = name_from(info);
  const uint64_t position = position_from(info, 2);
  start(info, [name, position](Core& core, Mailbox::Convert*) {
    return core.engine.load()->commit_cursor(name, position);
  });
}

void EngineWrap::close_cursor(const Napi::CallbackInfo& info) {
  engine(info.Env());
  const std::string name = name_from(info);
  start(info, [name](Core& core, Mailbox::Convert*) {
    core.engine.load()->ring().cursors().close(name);
    return Status();
  });
}

void EngineWrap::delete_cursor(const Napi::CallbackInfo& info) {
  engine(info.Env());
  const std::string name = name_from(info);
  start(info, [name](Core& core, Mailbox::Convert*) { return core.engine.load()->remove_cursor(name); });
}

Napi::Value EngineWrap::cursors(const Napi::CallbackInfo& info) {
  std::vector<CursorState> states;
  const Status status = engine(info.Env()).ring().cursors().list(&states);
  if (!status.ok()) return error_to(info.Env(), status);
  auto array = Napi::Array::New(info.Env(), states.size());
  for (size_t i = 0; i < states.size(); ++i)
    array.Set(static_cast<uint32_t>(i), state_to(info.Env(), states[i]));
  return array;
}

Napi::Value EngineWrap::room(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Room room;
  const Status status = engine(env).ring().room(&room);
  if (!status.ok()) return error_to(env, status);
  const auto number = [env](uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); };
  auto object = Napi::Object::New(env);
  object.Set("frames", number(room.frames));
  object.Set("pageBytes", number(room.page_bytes));
  object.Set("freePages", number(room.free_pages));
  if (!room.holder.empty()) {
    object.Set("holder", room.holder);
    object.Set("position", number(room.position));
  }
  return object;
}

Napi::Value EngineWrap::held(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), engine(info.Env()).held());
}

void EngineWrap::give_up_held(const Napi::CallbackInfo& info) { engine(info.Env()).give_up_held(); }

}  // namespace waldo
