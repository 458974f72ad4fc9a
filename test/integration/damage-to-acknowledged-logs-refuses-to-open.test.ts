import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WaldoError } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { closedImage, copyOf, crashImage } from './support/images.js';
import { type FrameOnDisk, flipBit, zero } from './support/page-files.js';
import { SMALL, Workspace } from './support/workspace.js';

/** An error that says exactly which frame is lost, in its properties and in its message. */
function names(frame: FrameOnDisk): (error: WaldoError) => true {
  const firstLost = frame.prevSeqNo + 1;
  const lastLost = frame.lastSeqNo;
  const lost =
    firstLost === lastLost ? `log ${firstLost} is lost` : `logs ${firstLost} to ${lastLost} are lost`;
  return withCode('WALDO_CORRUPT', new RegExp(`page ${frame.page} .* at offset ${frame.offset}: ${lost}`), {
    page: frame.page,
    offset: frame.offset,
    firstLost,
    lastLost,
    path: frame.file,
  });
}

test('after a crash, a damaged commit that a later one follows', async (t) => {
  const space = new Workspace(t);
  const image = await crashImage(space, [['a'], ['b', 'c'.repeat(600)], ['d']]);
  const [first, second] = image.frames as [FrameOnDisk, FrameOnDisk];
  assert.deepEqual([first.lastSeqNo, second.lastSeqNo, second.bytes], [1, 3, 1024]);
  for (const damage of [
    (frame: FrameOnDisk) => flipBit(frame.file, frame.at + 200, 3),
    (frame: FrameOnDisk) => flipBit(frame.file, frame.at + frame.bytes - 1, 0),
    (frame: FrameOnDisk) => zero(frame.file, frame.at + 512, 512),
    (frame: FrameOnDisk) => zero(frame.file, frame.at, frame.bytes),
  ]) {
    const damaged = copyOf(space, image);
    damage(damaged.frames[1]!);
    await assert.rejects(space.open({}, damaged.directory), names(damaged.frames[1]!));
    await assert.rejects(space.openReader({}, damaged.directory), names(damaged.frames[1]!));
  }
});

test('after a clean close, any commit, the last one included', async (t) => {
  const space = new Workspace(t);
  const image = await closedImage(space, 150);
  assert(image.frames[0]!.page > 0, 'the ring has wrapped');
  assert.equal(new Set(image.frames.map((frame) => frame.page)).size, SMALL.ringSize);
  for (let i = 0; i < image.frames.length; i += i < 3 || i > image.frames.length - 4 ? 1 : 9) {
    const damaged = copyOf(space, image);
    const frame = damaged.frames[i]!;
    flipBit(frame.file, frame.at + ((i * 131) % frame.bytes), i);
    await assert.rejects(space.open({}, damaged.directory), names(frame));
  }
});

test('opening it in vain changes nothing: put right, it is whole', async (t) => {
  const space = new Workspace(t);
  const image = await closedImage(space, 20);
  const frame = image.frames[5]!;
  flipBit(frame.file, frame.at + 100, 1);
  await assert.rejects(space.open({}, image.directory), names(frame));
  flipBit(frame.file, frame.at + 100, 1);
  const waldo = await space.open({}, image.directory);
  assert.equal(waldo.prevSeqNo, image.frames.at(-1)!.lastSeqNo);
  assert.deepEqual((await waldo.verify()).problems, []);
});
