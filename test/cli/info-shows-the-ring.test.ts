import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, ringDirectory } from '../support/cli.js';

const FLAGS = [
  '--ring-size',
  '5',
  '--file-capacity',
  '128KiB',
  '--buf-capacity',
  '64KiB',
  '--alignment',
  '4096',
];

test('info --json has the geometry, the pages, the tip and how the ring was opened', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...FLAGS], 'one\ntwo\nthree\n');
  const { code, stdout, stderr } = await cli(['info', ring, '--json']);
  assert.deepEqual([code, stderr], [0, '']);
  const info = JSON.parse(stdout.toString());
  assert.match(info.ringId, /^[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.deepEqual(
    [info.ringSize, info.fileCapacity, info.alignment, info.prevSeqNo, info.afterSeqNo, info.logCount],
    [5, 131072, 4096, 3, 0, 3],
  );
  assert.equal(info.recovery.outcome, 'clean');
  assert.deepEqual([info.pages.length, info.pages[0].firstSeqNo, info.pages[0].lastSeqNo], [1, 1, 3]);
});

test('info shows the same to people', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...FLAGS], 'one\ntwo\nthree\n');
  const { code, stdout, stderr } = await cli(['info', ring]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout.toString(), /^logs +3: 1 to 3$/m);
  assert.match(stdout.toString(), /^geometry +5 pages of 128 KiB, frames aligned to 4 KiB$/m);
  assert.match(stdout.toString(), /^state +cleanly closed$/m);
  assert.match(stdout.toString(), /^ +0 +0 +1 +3 +3 .* open$/m);
});

test('info shows an empty ring', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...FLAGS], '');
  const { code, stdout } = await cli(['info', ring]);
  assert.equal(code, 0);
  assert.match(stdout.toString(), /^logs +none$/m);
});
