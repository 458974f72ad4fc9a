// head: how far a ring is durable, told by its writer to readers in other processes. Nothing in it is trusted: it
// says where to look, and what is found there is checked.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "file.h"
#include "format.h"
#include "page.h"

namespace waldo {

// The writer's side.
class HeadWriter {
 public:
  // Null where memory cannot be shared: then nobody can read while it writes.
  static std::unique_ptr<HeadWriter> open(FileSystem& fs, const std::string& directory, const RingId& ring_id,
                                          uint32_t mode);

  // Magic, version, ring and checksum are filled in.
  void publish(Head head);

 private:
  HeadWriter(std::unique_ptr<SharedMemory> memory, const RingId& ring_id)
      : memory_(std::move(memory)), ring_id_(ring_id) {}
  std::unique_ptr<SharedMemory> memory_;
  const RingId ring_id_;
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
