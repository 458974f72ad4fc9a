// What an open makes of the pages it finds. Reads only; the ring carries out what comes of it.
//
// A torn tail is not corruption. The newest page is walked frame by frame to the first place S that does
// not hold the next frame of the chain; what follows decides:
//
//  | what is found                                                       | outcome                      |
//  |---------------------------------------------------------------------|------------------------------|
//  | T1 S is where the newest page header says the log ended, or later;  | the tip is the last frame    |
//  |    no frame of this page within reach behind S                      | before S                     |
//  | T2 as T1, but frames lie behind S, none of which says that a log    | a torn group: the same, and  |
//  |    past the tip was durable                                         | they are erased              |
//  | C1 S lies before the end that a page header witnesses               | corrupt: acknowledged logs   |
//  |                                                                     | are lost                     |
//  | C2 a frame behind S says that a log past the tip was durable        | corrupt                      |
//  | C3 a page that must be there is missing, damaged in both header     | corrupt                      |
//  |    copies, of another ring or slot, or of an earlier lap            |                              |
//  | C4 a page does not begin where the page before it ended             | corrupt                      |
//  | C5 the slot after the newest page holds a frame of the next page,   | corrupt                      |
//  |    but no header of it                                              |                              |
//  | H1 one of two header copies is damaged                              | healed from the other        |
//  | H2 a persisted index is damaged                                     | rebuilt from the frames      |
//  | H3 a page is followed by another, but its header does not say       | scanned; sealed if it links, |
//  |    sealed                                                           | else C4                      |
//  | H4 a slot not used yet holds no valid header and no frame           | prepared again               |
//  | H5 a page file is shorter than it was made, and no frame is missing | extended                     |
//
// With `salvage`, C1 … C5 keep every valid frame, report the lost ranges, and the newest page is closed for
// good.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "file.h"
#include "page.h"
#include "page_scanner.h"

namespace waldo {

struct RecoveryReport {
  enum class Outcome { kCreated, kClean, kRecovered, kSalvaged, kLive };
  Outcome outcome = Outcome::kClean;
  uint64_t torn_bytes = 0;       // behind the tip, of a group that was being written
  uint64_t rewritten_bytes = 0;  // at the tip, written again because they may have been in memory only
  uint64_t scanned_bytes = 0;
  uint64_t scanned_frames = 0;
  std::vector<std::string> healed;
  std::vector<LostRange> gaps;
};

struct RecoveryPlan {
  uint32_t newest_slot = 0;
  uint64_t max_epoch = 0;    // seen anywhere
  uint64_t settle_from = 0;  // in the newest page: what may not be durable yet, up to its end_offset
  std::vector<std::pair<uint32_t, uint64_t>> erase;  // slots, and offsets of frames that must not re-emerge
  std::vector<uint32_t> persist;                     // slots whose header must be written again
  std::vector<uint32_t> extend;                      // slots whose file was cut short
  std::vector<uint32_t> recreate;  // slots whose file must be made anew, for H4 and for pages lost
  RecoveryReport report;
};

class Recovery {
 public:
  Recovery(std::vector<std::shared_ptr<Page>>& pages, const Geometry& geometry, uint32_t max_frame_bytes,
           bool salvage)
      : pages_(pages), geometry_(geometry), max_frame_bytes_(max_frame_bytes), salvage_(salvage) {}

  Status run(RecoveryPlan* plan);

 private:
  struct Walk {
    uint64_t stop = 0;  // where the chain ended
    uint64_t tip = 0;   // last sequence number before it
    uint32_t frame_crc = 0;
    bool chained = true;     // frame_crc and tip are known
    bool witnessed = false;  // a frame ends where the newest header says that the log ended, with its CRC
    uint64_t durable = 0;    // highest durable_seq_no seen
    std::vector<std::pair<uint64_t, uint64_t>> frames;  // offset, last_seq_no
  };
  enum class Build { kNothing, kAll, kBehindHeader };

  Page& page_at(uint64_t page_no) { return *pages_[page_no % geometry_.ring_size]; }
  bool holds(uint64_t page_no) const;
  uint64_t oldest_page() const;

  Status read_headers();
  Status find_by_frames(Page& page, bool* found, uint64_t* page_no);
  Status check_unused_slots();
  Status check_expected_pages();
  Status check_next_slot();
  Status complete_sealed(uint64_t page_no);
  Status check_link(uint64_t page_no);
  Status recover_newest();
  Status verify_older();

  // Follows the chain from `from`, whose frame begins after `tip`; counts frames into the page as `build`
  // says.
  Status walk(Page& page, uint64_t from, uint64_t tip, Build build, Walk* walk);
  Status scan_behind(Page& page, const Walk& walk, uint64_t witness, bool* lost);
  static bool is_void(const FrameProbe& frame, const PageHeader& header);
  Status surviving_frames(Page& page, uint64_t page_no, std::vector<FrameProbe>* frames);
  // Counts them into the page, whatever lies between, and reports the gaps.
  Status salvage_page(Page& page, uint64_t page_no, uint64_t prev_seq_no,
                      std::optional<uint64_t> last_seq_no);
  Status lose_page(uint64_t page_no, const std::string& what);
  void note_gap(uint64_t page_no, uint64_t offset, uint64_t after, uint64_t until);
  Status damaged(const Page& page, uint64_t page_no, uint64_t offset, uint64_t first, uint64_t last,
                 const std::string& what);

  std::vector<std::shared_ptr<Page>>& pages_;
  const Geometry& geometry_;
  const uint32_t max_frame_bytes_;
  const bool salvage_;
  std::vector<HeaderCheck> headers_;
  uint64_t newest_ = 0;
  uint64_t budget_ = kTailScanBytes;
  bool salvaged_ = false;  // damage was passed over
  RecoveryPlan plan_;
};

}  // namespace waldo
