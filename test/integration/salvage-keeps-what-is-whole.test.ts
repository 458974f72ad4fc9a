import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cursor } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { closedImage, copyOf } from './support/images.js';
import { type Entry, entriesAfter, type LostRange, readOver } from './support/logs.js';
import { assertSame } from './support/model.js';
import { type FrameOnDisk, flipBit, zero } from './support/page-files.js';
import { SMALL, Workspace } from './support/workspace.js';

/** Damages a frame so that nothing of it can be used. */
const DAMAGE = {
  'a bit of its header': (frame: FrameOnDisk, where: number) =>
    flipBit(frame.file, frame.at + (where % 96), where),
  'a bit of its logs': (frame: FrameOnDisk, where: number) =>
    flipBit(frame.file, frame.at + 96 + (where % (frame.used - 96)), where),
  'its first sector': (frame: FrameOnDisk) => zero(frame.file, frame.at, 512),
  'all of it': (frame: FrameOnDisk) => zero(frame.file, frame.at, frame.bytes),
};

/** Where frames are lost, neighbours taken together. */
function expectedGaps(lost: readonly FrameOnDisk[]): LostRange[] {
  const gaps: { firstLost: number; lastLost: number }[] = [];
  for (const frame of lost) {
    const last = gaps.at(-1);
    if (last?.lastLost === frame.prevSeqNo) last.lastLost = frame.lastSeqNo;
    else gaps.push({ firstLost: frame.prevSeqNo + 1, lastLost: frame.lastSeqNo });
  }
  return gaps;
}

/** Gaps that follow one another, in one page or across two, are one. */
function merged(gaps: readonly LostRange[]): LostRange[] {
  const all: { firstLost: number; lastLost: number }[] = [];
  for (const { firstLost, lastLost } of gaps) {
    const last = all.at(-1);
    if (last !== undefined && last.lastLost + 1 >= firstLost) last.lastLost = lastLost;
    else all.push({ firstLost, lastLost });
  }
  return all;
}

test('whichever commits are damaged, the others are read, and readers are told what is lost', async (t) => {
  const space = new Workspace(t);
  const image = await closedImage(space, 150);
  const waldo = await space.open({}, copyOf(space, image).directory);
  const whole = await entriesAfter(waldo, Cursor.trim());
  await waldo.close();
  const damages = fc.array(
    fc.record({
      frame: fc.nat(image.frames.length - 1),
      how: fc.constantFrom(...(Object.keys(DAMAGE) as (keyof typeof DAMAGE)[])),
      where: fc.nat(),
    }),
    { minLength: 1, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(damages, async (list) => {
      const { directory, frames } = copyOf(space, image);
      const hit = new Map(list.map((damage) => [damage.frame, damage]));
      for (const [i, { how, where }] of hit) DAMAGE[how](frames[i]!, where);
      const lost = frames.filter((_, i) => hit.has(i));
      const gaps = expectedGaps(lost);
      const isLost = (log: Entry) => lost.some((f) => log.seqNo >= f.firstSeqNo && log.seqNo <= f.lastSeqNo);
      const left = whole.filter((log) => !isLost(log));
      await assert.rejects(space.open({}, directory), withCode('WALDO_CORRUPT'));

      const reader = await space.openReader({ salvage: true }, directory);
      assert.deepEqual(merged((await readOver(reader)).gaps), gaps);
      await reader.close();

      const salvaged = await space.open({ salvage: true }, directory);
      assert.equal(salvaged.metadata().recovery.outcome, 'salvaged');
      assert.deepEqual(merged(salvaged.metadata().recovery.gaps as readonly LostRange[]), gaps);
      const first = await readOver(salvaged);
      assertSame(first.entries, left);
      assert.deepEqual(merged(first.gaps), gaps);
      assert.equal(
        await salvaged.append(['after the damage']),
        whole.at(-1)!.seqNo + 1,
        'no number is used twice',
      );
      await salvaged.close();

      const later = await space.open({}, directory);
      assert.equal(later.metadata().recovery.outcome, 'clean');
      const { afterSeqNo } = later.metadata();
      const second = await readOver(later);
      const next = {
        seqNo: whole.at(-1)!.seqNo + 1,
        prevSeqNo: whole.at(-1)!.seqNo,
        data: Buffer.from('after the damage'),
      };
      assertSame(
        second.entries,
        [...left, next].filter((log) => log.seqNo > afterSeqNo),
      );
      assert((await later.verify()).problems.length >= merged(second.gaps).length);
      await later.close();
    }),
    { numRuns: 60 },
  );
});

test('the gap is named, and a reader can go on behind it', async (t) => {
  const space = new Workspace(t);
  const image = await closedImage(space, 20);
  const frame = image.frames[7]!;
  flipBit(frame.file, frame.at + 100, 0);
  const waldo = await space.open({ salvage: true }, image.directory);
  const { page, offset } = frame;
  const lost = { firstLost: frame.prevSeqNo + 1, lastLost: frame.lastSeqNo };
  assert.deepEqual(waldo.metadata().recovery.gaps, [{ page, offset, ...lost }]);

  const stream = waldo.query(Cursor.trim());
  const before: number[] = [];
  await assert.rejects(
    async () => {
      for await (const log of stream.logs()) before.push(log.seqNo);
    },
    withCode('WALDO_CORRUPT', /page 0 .*0000000000\.page/, { page, offset, ...lost }),
  );
  assert.equal(before.at(-1), frame.prevSeqNo);
  assert.equal((await stream.next()).done, true, 'the stream is over');
  const after = await entriesAfter(waldo, Cursor.after(lost.lastLost));
  assert.deepEqual([after[0]!.seqNo, after.at(-1)!.seqNo], [lost.lastLost + 1, waldo.prevSeqNo]);
  const { problems } = await waldo.verify();
  assert.deepEqual(
    [problems[0]!.page, problems[0]!.offset, problems[0]!.lastLost],
    [page, offset, lost.lastLost],
  );
});

test('a sound ring is opened as ever', async (t) => {
  const space = new Workspace(t);
  const image = await closedImage(space, 20, SMALL);
  const waldo = await space.open({ salvage: true }, image.directory);
  const { outcome, gaps } = waldo.metadata().recovery;
  assert.deepEqual([outcome, gaps], ['clean', []]);
});
