import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { openFake, range, seqNosOf } from './support/rings.js';
import { transferAway } from './support/transfer.js';

const KiB = 1024;

/** A ring that was opened again: its logs are on disk only. */
async function reopened(logs: readonly Buffer[], options = {}) {
  const { waldo, fake } = await openFake(options);
  for (let i = 0; i < logs.length; i += 100) await waldo.append(logs.slice(i, i + 100));
  await waldo.close();
  return openFake(options, fake);
}

test('the newest logs are not read from disk', async () => {
  const { waldo, fake } = await openFake();
  for (let i = 0; i < 100; i++) await waldo.append([`${i}`]);
  assert.deepEqual(await seqNosOf(waldo.query(Cursor.trim())), range(1, 100));
  assert.equal(fake.reads, 0);
});

test('readers of the same old logs share reads under way', async () => {
  const { waldo, fake } = await reopened(Array(1000).fill(Buffer.alloc(1000)), { cacheBytes: 0 });
  const readers = range(1, 100).map(() => seqNosOf(waldo.query(Cursor.trim())));
  for (const seqNos of await Promise.all(readers)) assert.deepEqual(seqNos, range(1, 1000));
  assert(fake.reads <= 4, `${fake.reads} reads`);
});

test('old logs that were read stay in memory for the next reader', async () => {
  const { waldo, fake } = await reopened(Array(1000).fill(Buffer.alloc(1000)));
  assert.deepEqual(await seqNosOf(waldo.query(Cursor.trim())), range(1, 1000));
  const { reads } = fake;
  assert.deepEqual(await seqNosOf(waldo.query(Cursor.after(500))), range(501, 1000));
  assert.deepEqual(await seqNosOf(waldo.query(Cursor.after(1))), range(2, 1000));
  assert.equal(fake.reads, reads);
});

test('chunks not used for longest leave memory first', async () => {
  const logs = Array(1000).fill(Buffer.alloc(1000));
  // A quarter of the cache, 512 KiB, is for old logs: the first read's 256 KiB stay if they are used.
  const { waldo, fake } = await reopened(logs, { bufCapacity: 256 * KiB, cacheBytes: 2048 * KiB });
  const stream = waldo.query(Cursor.trim());
  await stream.next();
  await stream.next();
  await waldo.query(Cursor.trim()).next();
  await stream.next();
  const { reads } = fake;
  await waldo.query(Cursor.trim()).next();
  assert.equal(fake.reads, reads, 'the first chunk is still there');
  const second = waldo.query(Cursor.trim());
  await second.next();
  await second.next();
  assert.equal(fake.reads, reads + 1, 'the second one is not');
});

test('a stream reads little first, then more and more', async () => {
  const { waldo, fake } = await reopened(Array(5000).fill(Buffer.alloc(1000)), { cacheBytes: 0 });
  await seqNosOf(waldo.query(Cursor.trim()));
  assert.deepEqual(
    fake.readSizes,
    [256, 512, 1024, 2048, 2048].map((size) => size * KiB),
  );
});

test('a reader that falls behind the cache goes on from disk, and comes back to memory', async () => {
  const { waldo, fake } = await openFake({ bufCapacity: 4096, poolSize: 2, cacheBytes: 16 * KiB });
  const tail = waldo.tail(Cursor.trim());
  for (let i = 0; i < 20; i++) await waldo.append([Buffer.alloc(3000)]);
  let expected = 1;
  while (expected <= 20) {
    for (const log of (await tail.next()).value!) assert.equal(log.seqNo, expected++);
  }
  const { reads } = fake;
  assert(reads > 0);
  for (let i = 0; i < 20; i++) {
    await waldo.append(['x']);
    assert.equal((await tail.next()).value!.firstSeqNo, expected++);
  }
  assert.equal(fake.reads, reads);
});

test('memory that a user has transferred away is read from disk again', async () => {
  const { waldo, fake } = await openFake();
  await waldo.append(['a']);
  const { value: logs } = await waldo.query(Cursor.trim()).next();
  transferAway(logs!.at(0)!.data.buffer);
  assert.equal((await waldo.query(Cursor.trim()).next()).value!.at(0)!.text(), 'a');
  assert.equal(fake.reads, 1);
  assert.equal(await waldo.append(['b']), 2, 'appends take other memory');
  assert.deepEqual(fake.texts, ['a', 'b']);
});
