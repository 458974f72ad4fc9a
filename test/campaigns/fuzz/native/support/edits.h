// An input is a base ring, what is repaired afterwards, and a list of edits: a few bytes that make a whole image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/base_rings.h"

namespace waldo::fuzz {

class Edits {
 public:
  // Puts the base ring into `files`.
  Edits(const uint8_t* data, size_t bytes, MemoryFiles& files);

  uint8_t mode() const { return mode_; }  // for the target to make something of

  bool forged() const { return repairs_ != 0; }

  // Carries out the edits up to the next stop and repairs the checksums. False if there are none left.
  bool next();

 private:
  uint8_t byte() { return at_ < end_ ? *at_++ : 0; }
  uint64_t number(size_t bytes);
  uint64_t offset_in(const Bytes& file);
  Bytes* file();
  Place place_of(uint8_t structure);

  void put_bytes();
  void set_field();
  void copy_sectors();
  void cut();
  void swap_files();
  void fill();
  void remove();

  MemoryFiles& files_;
  const uint8_t* at_;
  const uint8_t* end_;
  const BaseRing* base_ = nullptr;
  uint8_t mode_ = 0;
  uint8_t repairs_ = 0;
};

// Changes an input: by bytes, as libFuzzer does, or by whole edits. Returns its new length, at most `max_bytes`.
size_t mutate_edits(uint8_t* data, size_t bytes, size_t max_bytes, unsigned seed);

}  // namespace waldo::fuzz
