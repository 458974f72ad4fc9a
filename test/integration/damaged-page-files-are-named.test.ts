import assert from 'node:assert/strict';
import {
  copyFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Cursor, type WaldoError } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { closedImage, type Image } from './support/images.js';
import { type Entry, entriesAfter, readOver } from './support/logs.js';
import { assertSame } from './support/model.js';
import { DATA_OFFSET, type FrameOnDisk, pageFile, zero } from './support/page-files.js';
import { SMALL, Workspace } from './support/workspace.js';

/** A ring of three pages that has wrapped; or of three in its first lap, and an unused fourth. */
interface ThreePages extends Image {
  readonly space: Workspace;
  readonly pages: readonly FrameOnDisk[][];
  readonly whole: readonly Entry[];
}

async function threePages(t: TestContext, wrapped: boolean): Promise<ThreePages> {
  const space = new Workspace(t);
  const options = wrapped ? SMALL : { ...SMALL, ringSize: 4 };
  const image = await closedImage(space, wrapped ? 160 : 80, options as typeof SMALL);
  const numbers = [...new Set(image.frames.map((frame) => frame.page))];
  assert.equal(numbers.length, 3);
  assert.equal(numbers[0]! > 0, wrapped);
  const pages = numbers.map((page) => image.frames.filter((frame) => frame.page === page));
  const waldo = await space.open({}, image.directory);
  const whole = await entriesAfter(waldo, Cursor.trim());
  await waldo.close();
  return { ...image, space, pages, whole };
}

async function assertCorrupt(
  { space, directory }: ThreePages,
  message: RegExp,
  details?: Partial<WaldoError>,
): Promise<void> {
  await assert.rejects(space.openReader({}, directory), withCode('WALDO_CORRUPT', message, details));
  await assert.rejects(space.open({}, directory), withCode('WALDO_CORRUPT', message, details));
}

const rangeOf = (frames: readonly FrameOnDisk[]) => ({
  firstLost: frames[0]!.prevSeqNo + 1,
  lastLost: frames.at(-1)!.lastSeqNo,
});

const holds = (frame: FrameOnDisk, seqNo: number) => seqNo >= frame.firstSeqNo && seqNo <= frame.lastSeqNo;

for (const wrapped of [false, true]) {
  const lap = wrapped ? 'after the ring has wrapped' : 'in the first lap';
  for (const [i, which] of ['oldest', 'middle', 'newest'].entries()) {
    test(`the ${which} page is missing ${lap}`, async (t) => {
      const ring = await threePages(t, wrapped);
      const { page, file } = ring.pages[i]![0]!;
      unlinkSync(file);
      // Whether the file of the newest page held that one or an earlier one only the page itself could tell.
      const details = which === 'middle' ? { page, offset: 0, ...rangeOf(ring.pages[i]!) } : { offset: 0 };
      await assertCorrupt(ring, new RegExp(`page \\d+ \\(${basename(file)}\\) is missing`), details);
    });

    test(`salvage tells that the ${which} page is missing ${lap}`, async (t) => {
      const ring = await threePages(t, wrapped);
      const { page, file } = ring.pages[i]![0]!;
      unlinkSync(file);
      const waldo = await ring.space.open({ salvage: true }, ring.directory);
      const { outcome, gaps, healed } = waldo.metadata().recovery;
      assert.equal(outcome, 'salvaged');
      assert(healed.includes(`page ${page} is missing and is given up`), healed.join('\n'));
      if (which === 'middle') assert.deepEqual(gaps, [{ page, offset: 0, ...rangeOf(ring.pages[i]!) }]);
      const kept = ring.whole.filter(({ seqNo }) => !ring.pages[i]!.some((frame) => holds(frame, seqNo)));
      assertSame((await readOver(waldo)).entries, kept);
      const last = await waldo.append(['more']);
      await waldo.close();
      const again = await ring.space.open({}, ring.directory);
      assert.deepEqual([again.prevSeqNo, again.metadata().recovery.outcome], [last, 'clean']);
    });
  }
}

test('two pages are swapped', async (t) => {
  const ring = await threePages(t, true);
  const [a, b] = [ring.pages[0]![0]!.file, ring.pages[1]![0]!.file];
  renameSync(a, `${a}.aside`);
  renameSync(b, a);
  renameSync(`${a}.aside`, b);
  await assertCorrupt(ring, /000000000\d\.page\) belongs to another ring or slot/);
});

test('a page is of another ring', async (t) => {
  const ring = await threePages(t, true);
  const other = join(ring.space.path, 'other');
  const waldo = await ring.space.open(SMALL, other);
  for (let i = 0; i < 160; i++) waldo.appendSync(['x'.repeat(900)]);
  await waldo.close();
  const { page, file } = ring.pages[1]![0]!;
  copyFileSync(pageFile(other, page % SMALL.ringSize), file);
  const message = new RegExp(`page ${page} \\(000000000\\d\\.page\\) belongs to another ring or slot`);
  await assertCorrupt(ring, message, { page, offset: 0, ...rangeOf(ring.pages[1]!) });
});

test('a page is cut short in its logs', async (t) => {
  for (const i of [0, 1, 2]) {
    const ring = await threePages(t, true);
    const cut = ring.pages[i]!.at(-2)!;
    truncateSync(cut.file, cut.at);
    const { page, offset } = cut;
    const lost = { ...rangeOf(ring.pages[i]!), firstLost: cut.prevSeqNo + 1 };
    await assertCorrupt(ring, new RegExp(`page ${page} .*offset ${offset}`), { page, offset, ...lost });
  }
});

test('a page is cut short behind its logs: it is extended, and nothing is lost', async (t) => {
  const ring = await threePages(t, true);
  for (const frames of ring.pages) truncateSync(frames[0]!.file, frames.at(-1)!.at + frames.at(-1)!.bytes);
  const waldo = await ring.space.open({}, ring.directory);
  assertSame(await entriesAfter(waldo, Cursor.trim()), ring.whole);
  assert.match(
    waldo.metadata().recovery.healed.join('\n'),
    /0000000000\.page: was cut short at \d+ bytes; extended/,
  );
  for (let i = 0; i < 100; i++) waldo.appendSync(['x'.repeat(1000)]);
  await waldo.close();
  const again = await ring.space.open({}, ring.directory);
  assert.deepEqual((await again.verify()).problems, []);
});

test('a page is empty', async (t) => {
  const ring = await threePages(t, true);
  const { page, file } = ring.pages[1]![0]!;
  truncateSync(file, 0);
  await assertCorrupt(ring, new RegExp(`page ${page} \\(.*\\) was emptied`), {
    page,
    offset: 0,
    ...rangeOf(ring.pages[1]!),
  });
});

test('a page has lost both copies of its header', async (t) => {
  for (const i of [0, 1, 2]) {
    const ring = await threePages(t, true);
    zero(ring.pages[i]![0]!.file, 0, DATA_OFFSET);
    await assertCorrupt(ring, /\(000000000\d\.page\)/);
    const waldo = await ring.space.open({ salvage: true }, ring.directory);
    assertSame(await entriesAfter(waldo, Cursor.trim()), ring.whole);
    assert.equal(waldo.metadata().recovery.outcome, 'salvaged');
  }
});

for (const [what, make, message] of [
  ['symbolic link', (file: string) => symlinkSync(`${file}.aside`, file), /it is a symbolic link/],
  ['directory', (file: string, space: Workspace) => renameSync(space.directory('d'), file), /is a directory/],
] as const) {
  for (const name of ['0000000001.page', 'RING', 'LOCK']) {
    test(`${name} is a ${what}`, async (t) => {
      const ring = await threePages(t, true);
      const file = join(ring.directory, name);
      renameSync(file, `${file}.aside`);
      make(file, ring.space);
      const refused = withCode('WALDO_IO', message, { path: file, syscall: 'open' });
      await assert.rejects(ring.space.open({}, ring.directory), refused);
      await assert.rejects(ring.space.openReader({}, ring.directory), refused);
    });
  }
}

test('other files beside the ring do no harm, and are left alone', async (t) => {
  const space = new Workspace(t);
  const directory = space.directory('home');
  const others = ['README', '.hidden', 'notes.txt'];
  for (const name of others) writeFileSync(join(directory, name), name);
  space.directory('home/folder');
  const waldo = await space.open(SMALL, directory);
  for (let i = 0; i < 200; i++) waldo.appendSync(['x'.repeat(1000)]);
  await waldo.close();
  const again = await space.open({}, directory);
  assert.equal(again.prevSeqNo, 200);
  assert.deepEqual((await again.verify()).problems, []);
  assert.deepEqual(
    readdirSync(directory).filter((name) => !/\.page$|^RING$|^LOCK$|^head$/.test(name)),
    ['.hidden', 'README', 'folder', 'notes.txt'],
  );
});
