// head: how far a ring is durable, told by its writer to readers in other processes. Nothing in it is trusted: it
// says where to look, and what is found there is checked.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "file.h"
#include "format.h"
#include "page.h"

namespace waldo {

// The writer's side. Where memory cannot be shared, and where somebody takes it away, it does nothing but try again
// now and then: then nobody can read while the ring is written.
class HeadWriter {
 public:
  HeadWriter(FileSystem& fs, const std::string& directory, const RingId& ring_id, uint32_t mode)
      : fs_(fs), path_(directory + "/head"), ring_id_(ring_id), mode_(mode) {}

  // Magic, version, ring and checksum are filled in.
  void publish(Head head);

 private:
  bool ready();

  static constexpr std::chrono::seconds kRetry{1};

  FileSystem& fs_;
  const std::string path_;
  const RingId ring_id_;
  const uint32_t mode_;
  std::unique_ptr<SharedMemory> memory_;
  std::chrono::steady_clock::time_point tried_at_{};
};

// A reader's side. Any thread.
class HeadReader {
 public:
  HeadReader(FileSystem& fs, std::string directory, const Geometry& geometry)
      : fs_(fs), path_(std::move(directory) + "/head"), geometry_(geometry) {}

  // False if there is none, or what is there makes no sense.
  bool read(Head* head);

  // To be taken before `read`, so that a change in between is not slept through.
  uint32_t word();
  void wait(uint32_t seen, std::chrono::milliseconds time);
  void interrupt();
  // Whether there is a head to wait for; finds it if one has come, or another one.
  bool find();

 private:
  std::shared_ptr<SharedMemory> memory() const;
  bool sane(const Head& head) const;

  FileSystem& fs_;
  const std::string path_;
  const Geometry geometry_;
  mutable std::mutex mutex_;
  std::shared_ptr<SharedMemory> memory_;
};

}  // namespace waldo
