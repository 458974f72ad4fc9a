import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ARCHIVE, FOLDER, goldenRings, goldenStores } from './support/golden.js';

const KiB = 1024;

test('each image has a record beside it, and all together are small', () => {
  const archives = readdirSync(FOLDER).filter((name) => name.endsWith(ARCHIVE));
  assert.equal(goldenRings().length + goldenStores().length, archives.length);
  assert(archives.length >= 19, `${archives.length} images`);
  const sizes = archives.map((name) => statSync(join(FOLDER, name)).size);
  assert(Math.max(...sizes) <= 20 * KiB && sizes.reduce((sum, size) => sum + size) <= 200 * KiB, `${sizes}`);
});
