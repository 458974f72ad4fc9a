import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MemoryObjectStore } from '../../src/buffer/object-store/memory.js';
import { range } from '../support/rings.js';
import { newRing, openRingConsumer, type Shipped, seenOf, ship, shipBatch } from './support/shipping.js';

const a = newRing();
const b = newRing();

test('logs come with their numbers, those of several rings side by side', async () => {
  const store = new MemoryObjectStore();
  await ship(
    store,
    { ringId: a, prevSeqNo: 0, seqNos: range(1, 5) },
    { ringId: b, prevSeqNo: 7, seqNos: [10, 20, 30] },
    { ringId: a, prevSeqNo: 5, seqNos: [6, 9] },
  );
  const consumer = await openRingConsumer(store);
  assert.deepEqual(await seenOf(consumer), [
    { ringId: a, seqNos: range(1, 5) },
    { ringId: b, seqNos: [10, 20, 30] },
    { ringId: a, seqNos: [6, 9] },
  ]);
  assert.deepEqual(consumer.stats(), { logs: 10, duplicates: 0, foreign: 0, gaps: 0 });
  await consumer.close();
});

test('what came before is dropped, and ranges that overlap are cut', async () => {
  const store = new MemoryObjectStore();
  await ship(
    store,
    { ringId: a, prevSeqNo: 0, seqNos: range(1, 5) },
    { ringId: a, prevSeqNo: 0, seqNos: range(1, 5) },
    { ringId: a, prevSeqNo: 2, seqNos: range(3, 8) },
    { ringId: a, prevSeqNo: 3, seqNos: [4] },
    { ringId: a, prevSeqNo: 8, seqNos: [9] },
  );
  const consumer = await openRingConsumer(store);
  const batches = await seenOf(consumer);
  assert.deepEqual(
    batches.map(({ seqNos }) => seqNos),
    [range(1, 5), range(6, 8), [9]],
  );
  assert.equal(consumer.stats().duplicates, 5 + 3 + 1);
  await consumer.close();
});

test('whatever is shipped twice, cut or mixed, each log comes once and in order', async () => {
  const cut = fc.tuple(fc.nat(29), fc.integer({ min: 1, max: 10 }), fc.boolean());
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(cut, { minLength: 1, maxLength: 3 }), { maxLength: 12 }),
      async (batches) => {
        const store = new MemoryObjectStore();
        // Two rings whose numbers have gaps; what is shipped starts behind what was, or before.
        const numbers = range(0, 40).map((i) => i * 3 + (i % 2));
        const end = { [a]: 0, [b]: 0 };
        for (const cuts of batches) {
          const ranges: Shipped[] = [];
          for (const [from, count, first] of cuts) {
            const ringId = first ? a : b;
            const start = Math.min(from, end[ringId]!);
            const seqNos = numbers.slice(start + 1, start + 1 + count);
            ranges.push({ ringId, prevSeqNo: numbers[start]!, seqNos });
            end[ringId] = Math.max(end[ringId]!, start + seqNos.length);
          }
          await shipBatch(store, ranges);
        }
        const consumer = await openRingConsumer(store);
        const came: Record<string, number[]> = { [a]: [], [b]: [] };
        for (const { ringId, seqNos, gap } of await seenOf(consumer)) {
          assert.equal(gap, undefined);
          came[ringId]!.push(...seqNos);
        }
        await consumer.close();
        for (const ringId of [a, b]) assert.deepEqual(came[ringId], numbers.slice(1, end[ringId]! + 1));
      },
    ),
    { numRuns: 60 },
  );
});
