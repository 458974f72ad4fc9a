import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../../src/index.js';
import { hear } from '../support/heard.js';
import { bytesOf } from './support/logs.js';
import { SMALL, Workspace } from './support/workspace.js';

test('rotations, trims and commits of a ring that laps fit together', async (t) => {
  const space = new Workspace(t);
  const commits = hear(t, 'waldo:commit', space.ring);
  const rotations = hear(t, 'waldo:rotate', space.ring);
  const trims = hear(t, 'waldo:trim', space.ring);
  const waldo = await space.open();
  for (let i = 0; i < 300; i++) await waldo.append([bytesOf(i, 1000), bytesOf(i, 500)]);

  assert(commits.length <= 300);
  assert.equal(
    commits.reduce((sum, { logs }) => sum + logs, 0),
    600,
  );
  let last = 0;
  for (const { firstSeqNo, lastSeqNo } of commits) {
    assert.equal(firstSeqNo, last + 1);
    last = lastSeqNo;
  }
  assert.equal(last, 600);

  const { pages, afterSeqNo } = waldo.metadata();
  assert(rotations.length > 2 * SMALL.ringSize, 'the ring has lapped');
  let sealedUpTo = 0;
  for (const [i, { page, slot, sealed }] of rotations.entries()) {
    assert.deepEqual([page, slot], [i + 1, (i + 1) % SMALL.ringSize]);
    assert(sealed?.sealed && sealed.page === i);
    assert.equal(sealed.firstSeqNo, sealedUpTo + 1);
    sealedUpTo = sealed.lastSeqNo;
  }
  assert.equal(rotations.at(-1)!.page, pages.at(-1)!.page);
  assert.equal(trims.length, rotations.length - (SMALL.ringSize - 1), 'every further page costs the oldest');
  assert.equal(trims.at(-1)!.afterSeqNo, afterSeqNo);

  const { logs, bytes, frames, commitLatency, appendLatency } = waldo.stats();
  assert.equal(logs, 600);
  assert.equal(
    bytes,
    commits.reduce((sum, commit) => sum + commit.bytes, 0),
  );
  assert.equal(
    frames,
    commits.reduce((sum, commit) => sum + commit.frames, 0),
  );
  assert.equal(appendLatency.count, 300);
  assert(commitLatency.p50 > 0 && commitLatency.p50 <= commitLatency.max);
});

test('opening tells how the ring was left', async (t) => {
  const space = new Workspace(t);
  const heard = hear(t, 'waldo:recover', space.ring);
  await (await space.open()).close();
  await (await space.open()).close();
  await (await space.openReader()).close();
  assert.deepEqual(
    heard.map(({ outcome, readOnly }) => [outcome, readOnly]),
    [
      ['created', false],
      ['clean', false],
      ['clean', true],
    ],
  );
  assert(heard.every(({ microseconds }) => microseconds > 0));
});

test('reads from disk, ahead too, are those that stats count', async (t) => {
  const space = new Workspace(t);
  const heard = hear(t, 'waldo:read', space.ring);
  const waldo = await space.open({ ...SMALL, ringSize: 8, cacheBytes: 0 });
  for (let i = 0; i < 100; i++) await waldo.append([bytesOf(i, 2000)]);
  let logs = 0;
  for await (const chunk of waldo.query(Cursor.trim())) logs += chunk.length;
  assert.equal(logs, 100);
  const { reads, readBytes, readLatency, deliveries, cacheMisses } = waldo.stats();
  assert(reads >= deliveries && heard.length === reads && readLatency.count === reads);
  assert.equal(cacheMisses, deliveries);
  assert.equal(
    heard.reduce((sum, { bytes }) => sum + bytes, 0),
    readBytes,
  );
  assert.equal(heard[0]!.firstSeqNo, 1);
});
