// Bugs to seed into the engine, one at a time, to see that a campaign catches them: each was made by somebody, somewhere.
// `find` occurs once in the file and is replaced; SEEDED is true while the bug is the one that was chosen.
// `campaign` is who must catch it: see scripts/test-bugs.mjs.

export const bugs = [
  // --- what a frame carries
  {
    name: 'epochs are not unique',
    file: 'ring_open.cc',
    find: 'epoch_ = counter << 32 | salt;',
    replace: 'epoch_ = SEEDED ? uint64_t{1} << 32 : counter << 32 | salt;',
    campaign: 'crash',
  },
  {
    name: 'the epoch is not persisted before the first write',
    file: 'ring_open.cc',
    find: 'return superblock_->update(epoch_, max_frame_bytes_);',
    replace: 'return SEEDED ? Status() : superblock_->update(epoch_, max_frame_bytes_);',
    campaign: 'crash',
  },
  {
    name: 'the chain of frames is not checked',
    file: 'recovery.cc',
    find: 'if (walk->chained &&\n',
    replace: 'if (walk->chained && !SEEDED &&\n',
    campaign: 'crash',
  },
  {
    name: 'a frame may be anywhere',
    file: 'frame.cc',
    find: 'if (header.magic != kFrameMagic || header.position != position || header.version != kFormatVersion)',
    replace:
      'if (header.magic != kFrameMagic || (header.position != position && !SEEDED) || header.version != kFormatVersion)',
    campaign: 'crash',
  },
  {
    name: 'the checksum of a frame header is not checked',
    file: 'frame.cc',
    find: 'header.header_crc != crc_of(header)) return false;',
    replace: '(header.header_crc != crc_of(header) && !SEEDED)) return false;',
    campaign: 'flips',
  },
  {
    name: 'the checksum of a frame header leaves out the epoch',
    file: 'frame.cc',
    find: 'header.header_crc = crc_of(header);',
    replace: 'header.header_crc = crc_of(header);\n  if (SEEDED) header.header_crc = without_epoch(header);',
    campaign: 'flips',
    also: [
      {
        file: 'frame.cc',
        find: '(header.header_crc != crc_of(header) &&',
        replace: '(header.header_crc != (SEEDED ? without_epoch(header) : crc_of(header)) &&',
      },
      {
        file: 'frame.h',
        find: 'inline uint64_t log_stride(',
        replace: `template <typename T>
uint32_t crc_of(const T& structure);
inline uint32_t without_epoch(FrameHeader header) {
  header.epoch = 0;
  return crc_of(header);
}
inline uint64_t log_stride(`,
      },
    ],
  },
  {
    name: 'the checksum of the logs is not checked',
    file: 'frame.cc',
    find: 'sizeof(FrameHeader)) != header.body_crc)',
    replace: 'sizeof(FrameHeader)) != header.body_crc && !SEEDED)',
    campaign: 'crash',
  },
  {
    name: 'frames do not say what was durable',
    file: 'ring.cc',
    find: '{&geometry_.ring_id, page.position_of(offset), epoch_, synced_seq_no_, frame_crc}',
    replace: '{&geometry_.ring_id, page.position_of(offset), epoch_, SEEDED ? 0 : synced_seq_no_, frame_crc}',
    campaign: 'crash',
  },
  {
    name: 'frames call themselves durable',
    file: 'ring.cc',
    find: 'tip = frame.last_seq_no;\n    logs +=',
    replace: 'if (SEEDED) synced_seq_no_ = frame.last_seq_no;\n    tip = frame.last_seq_no;\n    logs +=',
    campaign: 'crash',
  },
  // --- writes that are not durable
  {
    name: 'appends are not synced',
    file: 'ring_open.cc',
    find: 'flags.dsync = dsync && flags.write;',
    replace: 'flags.dsync = dsync && flags.write && !SEEDED;',
    campaign: 'crash',
  },
  {
    name: 'a failed write is ignored',
    file: 'ring.cc',
    find: 'WALDO_TRY(page.file().write(kPageDataOffset + state.end_offset, slices.data(), slices.size()));',
    replace:
      '{ const Status wrote = page.file().write(kPageDataOffset + state.end_offset, slices.data(), slices.size()); if (!SEEDED) WALDO_TRY(wrote); }',
    campaign: 'crash',
  },
  {
    name: 'small files are not synced before they are renamed',
    file: 'two_copies.h',
    find: 'WALDO_TRY(file->sync());',
    replace: 'if (!SEEDED) WALDO_TRY(file->sync());',
    campaign: 'crash',
  },
  {
    name: 'pages are not synced before they are renamed',
    file: 'page.cc',
    find: 'if (status.ok()) status = file->sync();',
    replace: 'if (status.ok() && !SEEDED) status = file->sync();',
    campaign: 'crash',
  },
  {
    name: 'the names of pages are not synced',
    file: 'page.cc',
    find: 'return fs.sync_directory(directory);',
    replace: 'return SEEDED ? Status() : fs.sync_directory(directory);',
    campaign: 'crash',
  },
  {
    name: 'names that a killed process left are not synced',
    file: 'ring_open.cc',
    find: 'WALDO_TRY(sync_names(made));',
    replace: 'if (made || !SEEDED) WALDO_TRY(sync_names(made));',
    campaign: 'crash',
  },
  {
    name: 'the directory of cursors is not synced',
    file: 'cursors.cc',
    find: 'WALDO_TRY(fs_.sync_directory(parent_));',
    replace: 'if (!SEEDED) WALDO_TRY(fs_.sync_directory(parent_));',
    campaign: 'crash',
  },
  {
    name: 'close does not sync',
    file: 'ring.cc',
    find: 'return options_.dsync ? Status() : page.file().sync();',
    replace: 'return options_.dsync || SEEDED ? Status() : page.file().sync();',
    campaign: 'crash',
  },
  {
    name: 'a header is written before what it speaks of is durable',
    file: 'ring.cc',
    find: 'WALDO_TRY(page.file().sync());\n    if (&page == &current()) {',
    replace: 'if (!SEEDED) WALDO_TRY(page.file().sync());\n    if (&page == &current()) {',
    campaign: 'crash',
  },
  // --- recovery
  {
    name: 'what was recovered is served from memory',
    file: 'ring_open.cc',
    find: 'WALDO_TRY(settle_tail(newest, plan.settle_from));',
    replace: 'if (!SEEDED) WALDO_TRY(settle_tail(newest, plan.settle_from));',
    campaign: 'crash',
  },
  {
    name: 'the tail is written in place without a copy',
    file: 'ring_open.cc',
    find: 'if (options_.dsync) WALDO_TRY(write_tail_copy(',
    replace: 'if (options_.dsync && !SEEDED) WALDO_TRY(write_tail_copy(',
    campaign: 'crash',
  },
  {
    name: 'a copy of the tail serves before it is durable',
    file: 'tail_copy.cc',
    find: 'WALDO_TRY(write_file(fs, directory, *buffer, bytes, mode));',
    replace: 'if (!SEEDED) WALDO_TRY(write_file(fs, directory, *buffer, bytes, mode));',
    campaign: 'crash',
  },
  {
    name: 'a copy of the tail is forgotten',
    file: 'tail_copy.cc',
    find: 'if (!sound) return Status();',
    replace: 'if (!sound || SEEDED) return Status();',
    campaign: 'crash',
  },
  {
    name: 'a torn group is left behind the tip',
    file: 'recovery.cc',
    find: 'WALDO_TRY(scan_behind(page, chain, witness, &lost));',
    replace: 'if (!SEEDED) WALDO_TRY(scan_behind(page, chain, witness, &lost));',
    campaign: 'crash',
  },
  {
    name: 'damage before the end that the header knows passes for a torn write',
    file: 'recovery.cc',
    find: 'bool lost = !chain.witnessed;',
    replace: 'bool lost = !chain.witnessed && !SEEDED;',
    campaign: 'crash',
  },
  {
    name: 'damage that a later frame witnesses passes for a torn write',
    file: 'recovery.cc',
    find: 'if (probe.header.durable_seq_no > chain.tip) *lost = true;\n    plan_.erase',
    replace: 'if (probe.header.durable_seq_no > chain.tip && !SEEDED) *lost = true;\n    plan_.erase',
    campaign: 'crash',
  },
  {
    name: 'void frames that come back are recovered',
    file: 'recovery.cc',
    find: 'if (probe.offset >= newest.end_offset && header.epoch < newest.epoch) break;',
    replace: 'if (probe.offset >= newest.end_offset && header.epoch < newest.epoch && !SEEDED) break;',
    campaign: 'crash',
  },
  {
    name: 'salvage keeps void frames',
    file: 'recovery.cc',
    find: 'if (older || (known && is_void(probe, check.header))) {',
    replace: 'if (!SEEDED && (older || (known && is_void(probe, check.header)))) {',
    campaign: 'crash',
  },
  {
    name: 'a page that is missing is taken for one not used yet',
    file: 'recovery.cc',
    find: 'for (uint64_t no = oldest_page(); no <= newest_; ++no) {\n    if (holds(no)) continue;',
    replace:
      'for (uint64_t no = oldest_page(); no <= newest_; ++no) {\n    if (holds(no) || SEEDED) continue;',
    campaign: 'crash',
  },
  // --- records that are kept twice
  {
    name: 'page headers are written in place',
    file: 'page.cc',
    find: 'header.generation = generation_ + 1;',
    replace: 'header.generation = generation_ + (SEEDED && generation_ > 0 ? 2 : 1);',
    campaign: 'crash',
  },
  {
    name: 'cursors are written in place',
    file: 'cursors.cc',
    find: 'next.generation = cursor.record.generation + 1;',
    replace: 'next.generation = cursor.record.generation + (SEEDED ? 2 : 1);',
    campaign: 'crash',
  },
  {
    name: 'the superblock is written in place',
    file: 'superblock.cc',
    find: 'next.generation += 1;',
    replace: 'next.generation += SEEDED ? 2 : 1;',
    campaign: 'crash',
  },
  {
    name: 'cursors are not synced',
    file: 'cursors.cc',
    find: 'flags.write = flags.dsync = write;',
    replace: 'flags.write = write;\n  flags.dsync = write && !SEEDED;',
    campaign: 'crash',
  },
  {
    name: 'the checksum of a page header is not checked',
    file: 'page.cc',
    find: 'header.bytes == sizeof(PageHeader) && header.crc == crc_of(header);',
    replace: 'header.bytes == sizeof(PageHeader) && (header.crc == crc_of(header) || SEEDED);',
    campaign: 'crash',
  },
  {
    name: 'the checksum of the superblock is not checked',
    file: 'superblock.cc',
    find: 'block->crc != crc_of(*block))',
    replace: '(block->crc != crc_of(*block) && !SEEDED))',
    campaign: 'crash',
  },
  {
    name: 'the checksum of an index is not checked',
    file: 'page.cc',
    find: 'crc32c(0, buffer->data(), wanted) != header.index_crc)',
    replace: '(crc32c(0, buffer->data(), wanted) != header.index_crc && !SEEDED))',
    campaign: 'crash',
  },
  // --- the ring
  {
    name: 'a new page does not say so',
    file: 'ring.cc',
    find: 'WALDO_TRY(persist(next, 0));',
    replace: 'if (!SEEDED) WALDO_TRY(persist(next, 0));',
    campaign: 'crash',
  },
  {
    name: 'more is acknowledged than was written',
    file: 'ring.cc',
    find: '*written = taken;',
    replace: '*written = SEEDED ? count : taken;',
    campaign: 'crash',
  },
  {
    name: 'the page that a cursor holds is recycled',
    file: 'holds.cc',
    find: 'if (!holds_page(state, page.state())) continue;',
    replace: 'if (!holds_page(state, page.state()) || SEEDED) continue;',
    campaign: 'crash',
  },
  {
    name: 'the newest page is recycled',
    file: 'ring.cc',
    find: 'const uint32_t slot = (old.slot() + 1) % geometry_.ring_size;',
    replace:
      'const uint32_t slot = (old.slot() + (SEEDED && old.state().page_no % 7 == 6 ? 0 : 1)) % geometry_.ring_size;',
    campaign: 'crash',
  },
];
