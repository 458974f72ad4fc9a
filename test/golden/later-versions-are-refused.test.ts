import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HEADER_COPY_BYTES } from '../integration/support/page-files.js';
import { Workspace } from '../integration/support/workspace.js';
import { crc32c } from '../support/crc32c.js';
import { withCode } from '../support/rings.js';
import { pack } from './support/archive.js';
import { goldenRings } from './support/golden.js';

/** That of this release: kFormatVersion. */
const CURRENT = 1;
const SUPERBLOCK_BYTES = 120;

/** Makes both copies of a superblock those of another version, with all else in order. */
function setVersion(directory: string, version: number): void {
  const file = join(directory, 'RING');
  const bytes = readFileSync(file);
  for (const at of [0, HEADER_COPY_BYTES]) {
    bytes.writeUInt16LE(version, at + 12);
    bytes.writeUInt32LE(crc32c(bytes.subarray(at + 12, at + SUPERBLOCK_BYTES)), at + 8);
  }
  writeFileSync(file, bytes);
}

for (const { name, restore } of goldenRings()) {
  test(`${name} of the next version is refused, and left as it is`, async (t) => {
    const space = new Workspace(t);
    const directory = restore(space);
    setVersion(directory, CURRENT + 1);
    const before = pack(directory, (path) => path !== 'LOCK');
    const message = new RegExp(
      `RING has format version ${CURRENT + 1}; this release reads version ${CURRENT}`,
    );
    for (const salvage of [false, true]) {
      await assert.rejects(space.openReader({ salvage }, directory), withCode('WALDO_VERSION', message));
      await assert.rejects(space.open({ salvage }, directory), withCode('WALDO_VERSION', message));
    }
    assert.deepEqual(
      pack(directory, (path) => path !== 'LOCK'),
      before,
    );
  });
}
