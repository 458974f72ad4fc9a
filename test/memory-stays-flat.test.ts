import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Cursor } from '../src/index.js';
import { turn } from './support/fake-engine.js';
import { openFake, range, seqNosOf } from './support/rings.js';

const SLAB = 16 * 1024;

test('slabs that no reader has seen are used again', async () => {
  const { waldo, fake } = await openFake({ bufCapacity: SLAB, poolSize: 4, cacheBytes: 8 * SLAB });
  const batch = Array(100).fill(Buffer.alloc(100));
  for (let i = 0; i < 300; i++) await waldo.append(batch);
  // What is cached, what is being written, and one in between.
  assert(fake.allocations <= 6 + 4 + 1, `${fake.allocations} slabs`);
});

test('without a cache, as many slabs are used as are written at once', async () => {
  const { waldo, fake } = await openFake({ bufCapacity: SLAB, poolSize: 4, cacheBytes: 0 });
  for (let i = 0; i < 100; i++) {
    await Promise.all(range(1, 10).map(() => waldo.append([Buffer.alloc(SLAB / 2)])));
  }
  assert(fake.allocations <= 4, `${fake.allocations} slabs`);
});

test('a million small appends use no more than the cache', async () => {
  const { waldo, fake } = await openFake({ bufCapacity: SLAB, poolSize: 4, cacheBytes: 16 * SLAB });
  const caller = async () => {
    for (let i = 0; i < 1000; i++) await waldo.append(['x']);
  };
  fake.logs.push = () => 0; // Keep none of them.
  await Promise.all(Array.from({ length: 1000 }, caller));
  assert.equal(waldo.prevSeqNo, 1_000_000);
  assert(fake.allocations <= 12 + 4 + 1, `${fake.allocations} slabs`);
});

test('a slab that a reader has seen is never written again', async () => {
  const { waldo } = await openFake({ bufCapacity: 4096, poolSize: 2, cacheBytes: 3 * 4096 });
  const tail = waldo.tail(Cursor.trim());
  const held: string[] = [];
  const views: Buffer[] = [];
  for (let i = 0; i < 50; i++) {
    await waldo.append([Buffer.alloc(3000, i)]);
    if (i % 3 > 0) continue;
    let seen = 0;
    while (seen <= i) {
      const { value: logs } = await tail.next();
      seen = logs!.lastSeqNo;
      for (const log of logs!) {
        held.push(log.data.toString('hex'));
        views.push(log.data);
      }
    }
  }
  assert.deepEqual(
    views.map((view) => view.toString('hex')),
    held,
  );
});

test('what a slab leaves unused counts as cached', async () => {
  // The newest logs have 9300 bytes of the cache: two slabs' worth, or three frames if only those counted.
  const { waldo, fake } = await openFake({ bufCapacity: 4096, poolSize: 2, cacheBytes: 12_400 });
  for (let i = 0; i < 4; i++) await waldo.append([Buffer.alloc(2900)]);
  await seqNosOf(waldo.query(Cursor.after(1)));
  assert.equal(fake.reads, 1, 'the second log is on disk only');
  await seqNosOf(waldo.query(Cursor.after(2)));
  assert.equal(fake.reads, 1, 'the third is in memory');
});

test('appends that are settled are forgotten, though their frame is cached', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { waldo } = await openFake();
  const appends = range(1, 100).map((n) => new WeakRef(waldo.append([`${n}`])));
  await waldo.append(['last']);
  await turn();
  collect();
  assert.deepEqual(
    appends.filter((append) => append.deref() !== undefined),
    [],
  );
});
