import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HEADER_COPY_BYTES, pageFile } from '../integration/support/page-files.js';
import { Workspace } from '../integration/support/workspace.js';
import { crc32c } from '../support/crc32c.js';
import { withCode } from '../support/rings.js';
import { goldenRings } from './support/golden.js';

const CURSORS = goldenRings().find(({ name }) => name === 'cursors')!;

/** Makes both copies of a structure those of version 2, with all else in order; its checksum begins at the version. */
function setVersion(file: string, versionAt: number, bytesInAll: number): void {
  const bytes = readFileSync(file);
  for (const at of [0, HEADER_COPY_BYTES]) {
    bytes.writeUInt16LE(2, at + versionAt);
    bytes.writeUInt32LE(crc32c(bytes.subarray(at + versionAt, at + bytesInAll)), at + versionAt - 4);
  }
  writeFileSync(file, bytes);
}

test('a page header of another version is damage', async (t) => {
  const space = new Workspace(t);
  const directory = CURSORS.restore(space);
  setVersion(pageFile(directory, 0), 8, 112);
  await assert.rejects(space.openReader({}, directory), withCode('WALDO_CORRUPT'));
  await assert.rejects(space.open({}, directory), withCode('WALDO_CORRUPT'));
});

test('a cursor of another version is damaged, and holds everything', async (t) => {
  const space = new Workspace(t);
  const directory = CURSORS.restore(space);
  setVersion(join(directory, 'cursors', 'not-holding.cursor'), 12, 56);
  const ring = await space.open({ whenFull: 'reject' }, directory);
  const cursor = ring.metadata().cursors.find(({ name }) => name === 'not-holding');
  assert.equal(cursor?.damaged, true);
  await assert.rejects(
    ring.durableCursor('not-holding'),
    withCode('WALDO_CORRUPT', /cursor not-holding is damaged/),
  );
  for (const name of ['holding', 'at-the-start']) await ring.deleteCursor(name);
  await assert.rejects(
    async () => {
      for (let i = 0; i < 40; i++) await ring.append(['x'.repeat(8000)]);
    },
    withCode('WALDO_FULL', undefined, { cursor: 'not-holding' }),
  );
  await ring.deleteCursor('not-holding');
  await ring.append(['there is room again']);
});
