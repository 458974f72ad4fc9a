import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cursor } from '../../src/index.js';
import { textsOf } from '../support/rings.js';
import { copyOf, crashImage, type Image } from './support/images.js';
import { zero } from './support/page-files.js';
import { Workspace } from './support/workspace.js';

const SECTOR = 512;
const TORN = ['torn'.padEnd(700, '1'), 'torn'.padEnd(700, '2')];

/** Of the last frame's sectors, those whose bit is set never reached the disk. */
function tear(image: Image, mask: number): void {
  const last = image.frames.at(-1)!;
  for (let sector = 0; sector * SECTOR < last.bytes; sector++) {
    if ((mask >> sector) & 1) zero(last.file, last.at + sector * SECTOR, SECTOR);
  }
}

test('whichever sectors of the last commit are missing, those before are there, and it is not', async (t) => {
  const space = new Workspace(t);
  const image = await crashImage(space, [['first'], ['second'], TORN]);
  const sectors = image.frames.at(-1)!.bytes / SECTOR;
  assert.equal(sectors, 4);
  for (let mask = 1; mask < 2 ** sectors; mask++) {
    const torn = copyOf(space, image, `torn-${mask}`);
    tear(torn, mask);
    const waldo = await space.open({}, torn.directory);
    assert.deepEqual(await textsOf(waldo.query(Cursor.trim())), ['first', 'second']);
    const { outcome, tornBytes, healed, gaps } = waldo.metadata().recovery;
    assert.deepEqual([outcome, healed, gaps], ['recovered', [], []]);
    // Without its first sector nobody knows that there was a commit.
    assert.equal(tornBytes, mask & 1 ? 0 : sectors * SECTOR, `mask ${mask}`);
    assert.deepEqual((await waldo.verify()).problems, []);

    // What takes its place is as long, so that the rest of it lies where it would continue.
    assert.equal(await waldo.append(['third']), 3);
    await waldo.close();
    const again = await space.open({}, torn.directory);
    assert.deepEqual(await textsOf(again.query(Cursor.trim())), ['first', 'second', 'third']);
    assert.equal(again.metadata().recovery.outcome, 'clean');
    await again.close();
  }
});

test('a commit that is there whole is kept', async (t) => {
  const space = new Workspace(t);
  const image = await crashImage(space, [['first'], TORN]);
  const waldo = await space.open({}, image.directory);
  assert.deepEqual(await textsOf(waldo.query(Cursor.trim())), ['first', ...TORN]);
  assert.deepEqual(
    [waldo.metadata().recovery.outcome, waldo.metadata().recovery.tornBytes],
    ['recovered', 0],
  );
});

test('a reader passes over it, and leaves it as it is', async (t) => {
  const space = new Workspace(t);
  const image = await crashImage(space, [['first'], TORN]);
  tear(image, 0b0100);
  const contents = () =>
    readdirSync(image.directory).map((name) => readFileSync(join(image.directory, name)));
  const before = contents();
  const reader = await space.openReader({}, image.directory);
  assert.deepEqual(await textsOf(reader.query(Cursor.trim())), ['first']);
  assert.equal(reader.metadata().recovery.outcome, 'recovered');
  await reader.close();
  assert.deepEqual(contents(), before);
});
