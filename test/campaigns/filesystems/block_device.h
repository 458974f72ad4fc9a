// A block device in memory: a process of its own serves it to the kernel as a file (FUSE), which a loop
// device makes a disk of. It records writes and flushes in their order, fails them at will, and its bytes can
// be changed behind the kernel's back while nothing is mounted.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace waldo::test {

// What the writer had been promised when a request reached the device.
struct Marks {
  uint64_t acknowledged = 0;  // the newest log
  uint64_t cursor = 0;        // the durable cursor's position
};

struct DeviceRecord {
  enum Kind : uint32_t { kWrite, kFlush };
  Kind kind;
  uint32_t bytes;
  uint64_t offset;
  uint64_t data;  // where its bytes are, see BlockDevice::data
  Marks marks;
};

// Which requests fail, with EIO.
enum Faults : uint32_t { kFailWrites = 1, kFailFlushes = 2 };

class BlockDevice {
 public:
  static constexpr uint64_t kBlock = 4096;

  // Serves `bytes` of zeros as the file `path`, which must be there and empty. The server begins with
  // `leave_namespace`: if it were in that of the mounts, its end would wait for them to be unmounted, and
  // they for it.
  BlockDevice(uint64_t bytes, const std::string& path, void (*leave_namespace)());
  ~BlockDevice();
  BlockDevice(const BlockDevice&) = delete;
  BlockDevice& operator=(const BlockDevice&) = delete;

  uint64_t bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

  // Each request recorded has a copy of these.
  void acknowledge(uint64_t seq_no) { control_->acknowledged = seq_no; }
  void commit_cursor(uint64_t position) { control_->cursor = position; }

  // The present state is what cut() starts from.
  void start_recording();
  void stop_recording();
  // Whether there is hardly any room left for records.
  bool record_full() const;
  size_t record_count() const { return control_->record_count; }
  const DeviceRecord& record(size_t index) const { return records_[index]; }
  const uint8_t* data(const DeviceRecord& record) const { return log_ + record.data; }

  // Only while nothing is mounted: makes the state of the snapshot with all records before `count` in it the
  // present one. Counts must not go down from one call to the next.
  void restore(size_t count);
  void snapshot();
  void write(uint64_t offset, const uint8_t* data, uint64_t bytes);
  // Writes the present state into a sparse file.
  void save(const std::string& file) const;

  // After `skip` writes and flushes more, `faults` begin; for `count` requests, or for good.
  void fail(uint32_t faults, uint64_t skip, uint64_t count = UINT64_MAX);
  void heal() { control_->faults = 0; }
  uint64_t failed() const { return control_->failed; }
  uint64_t writes() const { return control_->writes; }

 private:
  struct Control {
    std::atomic<uint64_t> acknowledged, cursor;
    std::atomic<bool> recording;
    std::atomic<uint64_t> record_count, log_bytes;
    std::atomic<uint32_t> faults;
    std::atomic<uint64_t> skip, count, failed, writes;
  };

  [[noreturn]] void serve(int fuse);
  int handle(uint32_t opcode, const uint8_t* in, uint8_t* out, size_t* out_bytes);
  int take_write(uint64_t offset, const uint8_t* data, uint32_t bytes);
  bool fails(Faults kind);
  void keep(DeviceRecord::Kind kind, uint64_t offset, const uint8_t* data, uint32_t bytes);
  void mark_dirty(uint64_t offset, uint64_t bytes);
  template <typename Action>
  void for_dirty(Action action);

  const uint64_t bytes_;
  const std::string path_;
  pid_t server_ = -1;
  // Shared with the server.
  Control* control_;
  uint8_t* image_;
  uint8_t* dirty_;  // a byte a block: where image and medium may differ
  DeviceRecord* records_;
  uint8_t* log_;
  // Ours.
  uint8_t* medium_;
  size_t applied_ = 0;  // records that are in the medium
};

}  // namespace waldo::test
