#include "ring_driver.h"

namespace waldo::test {

std::string content_of(uint64_t seq_no, uint32_t attempt) {
  uint64_t state = (seq_no + uint64_t{attempt} * 0x100000001b3u) * 0x9e3779b97f4a7c15u + 1;
  std::string data(state % 257, '\0');
  for (char& byte : data) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state);
  }
  return data;
}

RingOptions small_ring() {
  RingOptions options;
  options.ring_size = 4;
  options.file_capacity = 64 * 1024;
  options.index_capacity = 129;
  options.index_spacing = {1024, 16};
  options.buf_capacity = 16 * 1024;
  options.alignment = 512;
  options.holder = "a test";
  for (size_t i = 0; i < options.ring_id.size(); ++i) options.ring_id[i] = static_cast<uint8_t>(i + 1);
  return options;
}

Status RingDriver::open() {
  WALDO_TRY(Engine::open(
      fs_, directory_, options_, 4, false, [this] { on_progress(); }, &engine_));
  next_prev_ = tip();
  // What was not recovered is void: those numbers are submitted anew.
  if (submitted_->attempts.size() > next_prev_) submitted_->attempts.resize(next_prev_);
  return Status();
}

std::string RingDriver::expected(uint64_t seq_no) const {
  return content_of(seq_no, seq_no <= submitted_->last() ? submitted_->attempts[seq_no - 1] : 0);
}

Status RingDriver::close() { return engine_->close(); }

Status RingDriver::pack(const std::shared_ptr<Slab>& slab, uint32_t logs, size_t* at, bool wake) {
  if (!slab) return Status::no_memory();
  const size_t start = *at;
  size_t end = start + sizeof(FrameHeader);
  uint64_t prev = next_prev_;
  for (uint32_t i = 0; i < logs; ++i) {
    const std::string data = content_of(prev + 1, submitted_->attempt);
    const LogHeader header{prev + 1, prev, static_cast<uint32_t>(data.size()), 0};
    std::memcpy(slab->data() + end, &header, sizeof(header));
    std::memcpy(slab->data() + end + sizeof(header), data.data(), data.size());
    end += log_stride(data.size());
    prev += 1;
  }
  *at = align_up(end, engine_->ring().geometry().alignment);
  before_submit(next_prev_ + 1, prev);
  Status status = engine_->submit(slab, start, end, logs, wake);
  if (!status.ok()) return status;
  next_prev_ = prev;
  submitted_->attempts.resize(prev, submitted_->attempt);
  return status;
}

Status RingDriver::append(uint32_t logs) {
  size_t at = 0;
  WALDO_TRY(pack(engine_->slabs().take(), logs, &at, false));
  return commit();
}

Status RingDriver::commit() {
  engine_->commit_now();
  WALDO_TRY(engine_->failure());
  submitted_->acknowledged = next_prev_;
  return Status();
}

Status RingDriver::append_group(uint32_t frames, uint32_t logs) {
  auto slab = engine_->slabs().take();
  size_t at = 0;
  for (uint32_t i = 0; i < frames; ++i) WALDO_TRY(pack(slab, logs, &at, false));
  return commit();
}

Status RingDriver::submit(uint32_t frames, uint32_t logs) {
  auto slab = engine_->slabs().take();
  size_t at = 0;
  for (uint32_t i = 0; i < frames; ++i) WALDO_TRY(pack(slab, logs, &at, true));
  return Status();
}

Status RingDriver::fill_to_page(uint64_t page_no) {
  while (engine_->ring().info().pages.back().state.page_no < page_no) WALDO_TRY(append(10));
  return Status();
}

Status RingDriver::read_from(uint64_t after, std::vector<StoredLog>* logs) {
  for (;;) {
    ReadChunk chunk;
    WALDO_TRY(engine_->read(after, 8 * 1024, &chunk));
    if (!chunk.slab) return Status();
    size_t at = chunk.start;
    for (uint32_t i = 0; i < chunk.count; ++i) {
      const auto header = load<LogHeader>(chunk.slab->data() + at);
      const char* data = reinterpret_cast<const char*>(chunk.slab->data() + at + sizeof(LogHeader));
      if (header.seq_no > after)
        logs->push_back({header.seq_no, header.prev_seq_no, std::string(data, header.length)});
      at += log_stride(header.length);
    }
    if (at != chunk.end) return Status::make(Code::kInternal, "a chunk does not end with its last log");
    after = chunk.last_seq_no;
  }
}

std::string RingDriver::check() {
  const Bounds bounds = engine_->ring().bounds();
  std::vector<StoredLog> logs;
  Status status = read_from(bounds.after, &logs);
  if (!status.ok()) return status.error().message;
  uint64_t prev = bounds.after;
  for (const StoredLog& log : logs) {
    if (log.prev_seq_no != prev || log.seq_no != prev + 1)
      return "log " + std::to_string(log.seq_no) + " does not follow " + std::to_string(prev);
    if (log.data != expected(log.seq_no)) return "log " + std::to_string(log.seq_no) + " has another content";
    prev = log.seq_no;
  }
  return prev == bounds.tip
             ? ""
             : "the logs end at " + std::to_string(prev) + ", the tip is " + std::to_string(bounds.tip);
}

}  // namespace waldo::test
