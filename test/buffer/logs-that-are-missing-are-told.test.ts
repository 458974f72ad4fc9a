import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryObjectStore } from '../../src/buffer/object-store/memory.js';
import { range } from '../support/rings.js';
import { newRing, openRingConsumer, seenOf, ship, shipBatch } from './support/shipping.js';

const ringId = newRing();

test('logs that a ring lost before they were shipped are told with the next ones', async () => {
  const store = new MemoryObjectStore();
  await ship(store, { ringId, prevSeqNo: 0, seqNos: [1, 2] });
  await shipBatch(store, [
    { ringId, prevSeqNo: 2, seqNos: [3] },
    { ringId, prevSeqNo: 8, seqNos: [10, 11] },
  ]);
  const consumer = await openRingConsumer(store);
  assert.deepEqual(await seenOf(consumer), [
    { ringId, seqNos: [1, 2] },
    { ringId, seqNos: [3] },
    { ringId, seqNos: [10, 11], gap: { afterSeqNo: 3, prevSeqNo: 8 } },
  ]);
  assert.equal(consumer.stats().gaps, 1);
  await consumer.close();
});

test('the first logs of a ring are no gap, whatever they follow', async () => {
  const store = new MemoryObjectStore();
  await ship(store, { ringId, prevSeqNo: 100, seqNos: [101] });
  const consumer = await openRingConsumer(store);
  assert.deepEqual(await seenOf(consumer), [{ ringId, seqNos: [101] }]);
  await consumer.close();
});

test('numbers that are left out are no gap', async () => {
  const store = new MemoryObjectStore();
  await ship(store, { ringId, prevSeqNo: 0, seqNos: [5] }, { ringId, prevSeqNo: 5, seqNos: [50] });
  const consumer = await openRingConsumer(store);
  assert.deepEqual(await seenOf(consumer), [
    { ringId, seqNos: [5] },
    { ringId, seqNos: [50] },
  ]);
  await consumer.close();
});

test('a ring whose history contradicts what came is told from one with a gap', async () => {
  const store = new MemoryObjectStore();
  await ship(store, { ringId, prevSeqNo: 0, seqNos: range(1, 10) }, { ringId, prevSeqNo: 8, seqNos: [20] });
  const consumer = await openRingConsumer(store);
  assert.deepEqual((await seenOf(consumer))[1], {
    ringId,
    seqNos: [20],
    gap: { afterSeqNo: 10, prevSeqNo: 8 },
  });
  await consumer.close();
});
