import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Cursor } from '../src/index.js';
import { openFake, range, seqNosOf } from './support/rings.js';

const KiB = 1024;
/** Every read is as long as reads get. */
const SMALL_SLABS = { bufCapacity: 64 * KiB };

/** A ring whose logs, of 1 KiB each, are on disk only. */
async function onDisk(options = {}) {
  const { waldo, fake } = await openFake(SMALL_SLABS);
  for (let i = 0; i < 20; i++) await waldo.append(Array(50).fill(Buffer.alloc(1000)));
  await waldo.close();
  return openFake({ ...SMALL_SLABS, ...options }, fake);
}

async function settle() {
  for (let i = 0; i < 10; i++) await turn();
}

/** Chunks that are read before anybody wants them, at most. */
const AHEAD = 4;

test('while a reader looks at what was read, four more reads are under way, and no more', async () => {
  const { waldo, fake } = await onDisk();
  const stream = waldo.query(Cursor.trim());
  for (let reads = 1 + AHEAD; reads < 14; reads++) {
    await stream.next();
    await settle();
    assert.equal(fake.reads, reads);
  }
  await waldo.close();
});

test('what was read ahead is not read again, by whoever comes there', async () => {
  const { waldo, fake } = await onDisk();
  for (let i = 0; i < 3; i++) assert.deepEqual(await seqNosOf(waldo.query(Cursor.trim())), range(1, 1000));
  assert.equal(fake.reads, 16);
  await waldo.close();
});

test('nothing is read ahead where it would drive out what others have read ahead', async () => {
  const { waldo, fake } = await onDisk({ cacheBytes: 4 * 128 * KiB });
  const streams = [1, 500].map((seqNo) => waldo.query(Cursor.from(seqNo)));
  for (const stream of streams) await stream.next();
  await settle();
  assert.equal(fake.reads, streams.length + 1);
  await waldo.close();
});

test('without a cache nothing is read ahead', async () => {
  const { waldo, fake } = await onDisk({ cacheBytes: 0 });
  await waldo.query(Cursor.trim()).next();
  await settle();
  assert.equal(fake.reads, 1);
  await waldo.close();
});

test('a read ahead that fails is nobody’s error: who wants the logs reads them himself', async () => {
  const { waldo, fake } = await onDisk();
  const stream = waldo.query(Cursor.trim());
  await stream.next();
  await settle();
  fake.readFailure = { code: 5, message: 'a passing fault' };
  const { value } = await stream.next();
  await settle();
  fake.readFailure = undefined;
  let last = value!.lastSeqNo;
  for await (const { firstSeqNo, lastSeqNo } of stream) {
    assert.equal(firstSeqNo, last + 1);
    last = lastSeqNo;
  }
  assert.equal(last, 1000);
  await waldo.close();
});
