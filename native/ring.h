// The ring: pages, one after the other, the oldest reused when the newest is full. Opening, appending
// groups of frames, reading. One thread appends at a time (the committer sees to it); any thread reads. No
// I/O under the mutex.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cursors.h"
#include "file.h"
#include "head.h"
#include "page.h"
#include "preparer.h"
#include "recovery.h"
#include "slab.h"
#include "status.h"
#include "superblock.h"

namespace waldo {

enum class DirectIo { kOff = 0, kOn = 1, kAuto = 2 };

struct RingOptions {
  uint32_t ring_size = 4;
  uint64_t file_capacity = 64 * 1024 * 1024;
  uint64_t page_capacity = UINT32_MAX;  // logs
  uint32_t index_capacity = 1025;
  IndexSpacing index_spacing;
  uint32_t buf_capacity = 2 * 1024 * 1024;
  uint32_t alignment = 0;  // 0: the device's
  bool dsync = true;
  DirectIo direct = DirectIo::kAuto;
  bool salvage = false;
  bool read_only = false;
  bool allow_network = false;
  uint32_t mode = 0600;
  RingId ring_id{};        // of a ring to be created
  std::string holder;      // what others are told who find it locked
  bool background = true;  // fill pages on a thread of their own
  // Ends a reader's wait for a writer that is opening the ring.
  const std::atomic<bool>* cancelled = nullptr;
  bool honour_holds = false;  // do not recycle pages that durable cursors hold: append fails with kFull
  // Given by the caller, so that it must agree with a ring that is there.
  struct Given {
    bool ring_size = false;
    bool file_capacity = false;
    bool index_capacity = false;
    bool alignment = false;
    bool buf_capacity = false;
    bool index_sparse_bytes = false;
  } given;
};

struct Bounds {
  bool empty = true;
  uint64_t after = 0;  // logs kept have greater numbers
  uint64_t tip = 0;    // the newest durable log
  uint64_t page = 0;   // that it lies in, or that the next one goes to
};

struct PageInfo {
  PageState state;
  uint32_t slot = 0;
  uint64_t first_seq_no = 0;  // 0 if the page has no log
  size_t index_count = 0;
};

struct RingInfo {
  Geometry geometry;
  Bounds bounds;
  uint64_t epoch = 0;
  uint64_t log_count = 0;
  uint64_t index_count = 0;
  uint64_t disk_bytes = 0;
  uint64_t commits = 0;
  bool direct = false;
  std::vector<PageInfo> pages;  // oldest first
  RecoveryReport recovery;
};

// Logs that lie one after the other in a buffer, without frame headers between them.
struct ReadChunk {
  std::shared_ptr<Slab> slab;
  size_t start = 0;
  size_t end = 0;
  uint32_t count = 0;
  uint64_t prev_seq_no = 0;
  uint64_t first_seq_no = 0;
  uint64_t last_seq_no = 0;
};

struct Problem {
  LostRange range;
  std::string kind;
  std::string message;
};

struct VerifyReport {
  uint64_t pages = 0;
  uint64_t frames = 0;
  uint64_t logs = 0;
  uint64_t bytes = 0;
  std::vector<Problem> problems;
};

// What can be written before a page that a durable cursor holds is reached. One is taken to be at the tip, so
// that new ones need not be looked for within a lap.
struct Room {
  uint64_t frames = 0;      // written since the ring was opened
  uint64_t page_bytes = 0;  // that are left of the newest page
  uint64_t free_pages = 0;  // that can follow
  std::string holder;       // whoever holds the oldest page; empty: nobody
  uint64_t position = 0;    // of that cursor
};

class Ring {
 public:
  // How often what the head speaks of may not be found, though the writer has not moved on: 2 ms each.
  static constexpr int kRefreshAttempts = 50;

  static Status open(FileSystem& fs, const std::string& directory, const RingOptions& options,
                     std::unique_ptr<Ring>* ring);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // Writes as many of the frames as one write takes, durably with `dsync`; *written says how many. Bodies
  // are sealed. The first failure latches the ring: every later call returns it.
  Status append(PackedFrame* frames, size_t count, size_t* written);

  // Writes down how far the log is durable, so that bit rot in the last group cannot pass for a torn write.
  Status persist_watermark();

  // Durable cursors. A holding one is safe once opened: kTrimmed if the ring has passed it meanwhile.
  Status open_cursor(const std::string& name, const bool* hold, uint64_t start, CursorState* state);
  Status commit_cursor(const std::string& name, uint64_t position);
  Cursors& cursors() { return *cursors_; }
  Status room(Room* room);

  // Marks the ring cleanly closed and gives up the lock. Idempotent. The ring stays readable.
  Status close();

  // Up to `max_bytes` of the frames after `after`, at least one; none (slab == nullptr) if there is nothing
  // after it.
  Status read(uint64_t after, size_t max_bytes, SlabPool& slabs, ReadChunk* chunk);

  // The same in two steps, so that one thread keeps the disk busy while another one checks what it delivered.
  struct Fetched;
  Status fetch(uint64_t after, size_t max_bytes, SlabPool& slabs, Fetched* fetched);
  Status check(const Fetched& fetched, SlabPool& slabs, ReadChunk* chunk);

  // Every checksum, link and index of every page.
  Status verify(VerifyReport* report);
  // Makes a verification that is under way end soon, with kClosed. Any thread.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  // Readers of a ring that another process may be writing. Takes over what the head says has become durable. One
  // failure latches the reader. Any thread.
  Status refresh(int attempts = kRefreshAttempts);
  // How often a refresh has found something, whoever asked for it. Any thread.
  uint64_t advances() const { return advances_.load(std::memory_order_acquire); }
  // The same for who only wants to know how far the ring is now; nothing if nobody else writes it.
  void catch_up();
  HeadReader& head() { return *head_reader_; }

  Bounds bounds() const;
  RingInfo info() const;
  Status failure() const;
  const Geometry& geometry() const { return geometry_; }
  const RingOptions& options() const { return options_; }  // as they took effect

 private:
  Ring(FileSystem& fs, std::string directory, const RingOptions& options);

  // Opening (ring_open.cc).
  Status open_files();
  Status sync_names(bool made);
  Status open_pages();
  Status create();
  Status adopt_geometry();
  Status check_unfinished_creation(bool* fresh);
  Status start_epoch(uint64_t max_epoch);
  Status recover();
  Status carry_out(const RecoveryPlan& plan);
  Status drop_failed_writes(Page& newest);
  Status settle_tail(Page& page, uint64_t from);
  static Status rewrite(File& file, uint64_t from, uint64_t end);
  Status sync_tail_read_only();
  OpenFlags page_flags(bool dsync) const;

  // Following a writer (follow.cc).
  Status open_read_only();
  Status open_beside_writer(const Head& head, bool* whole);
  Status adopt(const Head& head, bool* whole);
  Status load_page(uint64_t page_no, const Head& head, std::shared_ptr<Page>* page, bool* whole) const;
  Status walk(const Page& page, PageState from, uint64_t end, std::vector<FrameHeader>* frames,
              bool* whole) const;
  bool is_news(const Head& head) const;
  bool overtaken(uint64_t page_no) const;
  Status fail(Status status);
  void publish(HeadPhase phase);

  // Writing (ring.cc).
  Status append_group(PackedFrame* frames, size_t count, size_t* written);
  bool fits(const Page& page, const PackedFrame& frame) const;
  Status rotate();
  Status check_not_held(const Page& page);
  static bool holds_page(const CursorState& cursor, const PageState& page);
  Status persist(Page& page, uint32_t extra_flags);
  Status checkpoint_if_due();
  Page& current() { return *pages_[current_slot_]; }

  // Verifying (verify.cc).
  std::shared_ptr<Page> page_in(uint32_t slot) const;
  Status verify_page(const PageInfo& info, uint64_t prev_seq_no, VerifyReport* report);

  // Reading (reader.cc).
  struct Spot {
    std::shared_ptr<Page> page;
    uint64_t page_no = 0;
    uint64_t offset = 0;
    uint64_t end = 0;
  };
  Bounds bounds_locked() const;
  Status find_spot(uint64_t after, Spot* spot) const;
  Status trimmed(uint64_t after) const;
  bool still_there(const Spot& spot) const;
  Status read_spot(const Spot& spot, uint64_t after, size_t max_bytes, SlabPool& slabs, ReadChunk* chunk,
                   bool* lapped);
  uint64_t bytes_for(uint64_t need) const;
  Status fill(const Spot& spot, uint64_t offset, uint64_t bytes, SlabPool& slabs, std::shared_ptr<Slab>* slab,
              size_t* got);
  uint64_t last_fetched(const Spot& spot, size_t got, const Slab& slab) const;
  bool collect(const Spot& spot, uint64_t from, uint64_t after, size_t got, const std::shared_ptr<Slab>& slab,
               uint64_t* at, uint64_t* need, ReadChunk* chunk) const;
  Status pass_damage(const Spot& spot, uint64_t offset, uint64_t after, uint64_t* resume);

  FileSystem& fs_;
  const std::string directory_;
  RingOptions options_;
  Geometry geometry_;
  bool direct_ = false;
  std::unique_ptr<Lock> lock_;
  std::unique_ptr<SuperblockFile> superblock_;
  std::vector<std::shared_ptr<Page>> pages_;  // by slot
  std::unique_ptr<Preparer> preparer_;
  uint64_t epoch_ = 0;
  uint32_t max_frame_bytes_ = 0;
  RecoveryReport report_;
  bool tail_copied_ = false;  // TAIL is there
  bool closed_ = false;
  std::unique_ptr<Cursors> cursors_;
  std::unique_ptr<HeadWriter> head_writer_;  // of writers
  std::unique_ptr<HeadReader> head_reader_;  // of readers
  std::mutex follow_mutex_;                  // one refresh at a time
  std::atomic<uint64_t> advances_{0};
  uint64_t frames_written_ = 0;
  uint64_t giving_up_ = 0;  // logs up to this number may be overwritten at any moment
  std::atomic<bool> cancelled_{false};

  // The appending thread's own.
  std::chrono::steady_clock::time_point persisted_at_{};
  uint64_t synced_seq_no_ = 0;  // what a frame written now may call durable

  mutable std::mutex mutex_;  // guards what follows, the pages' states and indexes
  uint32_t current_slot_ = 0;
  bool following_ = false;  // epoch_ is that of the writer whom a reader follows
  uint64_t commits_ = 0;
  Status failure_;
};

// What came from the disk, and is not checked yet.
struct Ring::Fetched {
  uint64_t after = 0;
  size_t max_bytes = 0;
  Spot spot;
  std::shared_ptr<Slab> slab;  // null if there is nothing after `after`
  size_t got = 0;
  uint64_t last_seq_no = 0;  // where the next one goes on; 0 if that is not known before it is checked
};

}  // namespace waldo
