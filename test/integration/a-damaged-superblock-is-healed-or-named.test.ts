import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Cursor, type WaldoErrorCode } from '../../src/index.js';
import { textsOf, withCode } from '../support/rings.js';
import { overwrite, zero } from './support/page-files.js';
import { SMALL, Workspace } from './support/workspace.js';

const COPY_BYTES = 4096;
const STRUCTURE_BYTES = 120;
const VERSION_AT = 12;

/** A closed ring with three logs; its superblock is next. */
async function closedRing(t: TestContext): Promise<{ space: Workspace; superblock: string }> {
  const space = new Workspace(t);
  const waldo = await space.open();
  await waldo.append(['a', 'b', 'c']);
  await waldo.close();
  return { space, superblock: join(space.ring, 'RING') };
}

async function assertRefused(space: Workspace, code: WaldoErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(space.open(), withCode(code, message));
  await assert.rejects(space.openReader(), withCode(code, message));
  await assert.rejects(space.open({ salvage: true }), withCode(code, message));
}

for (const [name, damage] of [
  ['zeroed', (file: string, at: number) => zero(file, at, COPY_BYTES)],
  ['torn', (file: string, at: number) => zero(file, at + 48, STRUCTURE_BYTES - 48)],
  ['of a later version', (file: string, at: number) => overwrite(file, at + VERSION_AT, Buffer.from([9, 0]))],
] as const) {
  test(`one copy is ${name}: the other serves, and it is healed`, async (t) => {
    const { space, superblock } = await closedRing(t);
    for (const at of [0, COPY_BYTES]) {
      damage(superblock, at);
      const reader = await space.openReader();
      assert.deepEqual(await textsOf(reader.query(Cursor.trim())), ['a', 'b', 'c']);
      await reader.close();
      const waldo = await space.open();
      assert.deepEqual(await textsOf(waldo.query(Cursor.trim())), ['a', 'b', 'c']);
      assert.match(waldo.metadata().recovery.healed.join(), /^RING: one copy of the superblock was damaged$/);
      await waldo.close();
      const again = await space.open();
      assert.deepEqual(again.metadata().recovery.healed, []);
      await again.close();
    }
  });
}

test('the file ends after the first copy: that serves, and the file is made whole', async (t) => {
  const { space, superblock } = await closedRing(t);
  truncateSync(superblock, COPY_BYTES);
  const waldo = await space.open();
  assert.deepEqual(await textsOf(waldo.query(Cursor.trim())), ['a', 'b', 'c']);
  await waldo.close();
  const again = await space.open();
  assert.deepEqual(again.metadata().recovery.healed, []);
  assert.equal(statSync(superblock).size, 2 * COPY_BYTES);
});

test('a later version is named, with the one that can be read', async (t) => {
  const { space, superblock } = await closedRing(t);
  for (const at of [0, COPY_BYTES]) overwrite(superblock, at + VERSION_AT, Buffer.from([2, 0]));
  await assertRefused(space, 'WALDO_VERSION', /\/ring\/RING has format version 2; .* version 1/);
});

test('both copies are damaged: the file is named, and nothing is made in its place', async (t) => {
  const { space, superblock } = await closedRing(t);
  const whole = readFileSync(superblock);
  for (const [name, contents] of [
    ['empty', Buffer.alloc(0)],
    ['short', whole.subarray(0, 60)],
    ['zeroed', Buffer.alloc(whole.length)],
    ['something else', Buffer.from('not a ring at all\n'.repeat(500))],
  ] as const) {
    writeFileSync(superblock, contents);
    await assertRefused(space, 'WALDO_CORRUPT', /\/ring\/RING is damaged: neither copy/);
    assert.deepEqual(readFileSync(superblock), contents, name);
  }
  writeFileSync(superblock, whole);
  const waldo = await space.open();
  assert.deepEqual(await textsOf(waldo.query(Cursor.trim())), ['a', 'b', 'c']);
});

test('the file is missing beside pages with logs: that is damage, not a new ring', async (t) => {
  const { space, superblock } = await closedRing(t);
  unlinkSync(superblock);
  await assert.rejects(space.open(), withCode('WALDO_CORRUPT', /RING is missing in .*\/ring/));
  await assert.rejects(space.open(SMALL), withCode('WALDO_CORRUPT'), 'nor is it the second time');
});
