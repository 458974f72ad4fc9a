import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MemoryObjectStore } from '../../src/buffer/object-store/memory.js';
import type { RingPosition } from '../../src/buffer/ring-batch.js';
import { range, withCode } from '../support/rings.js';
import {
  newRing,
  openRingConsumer,
  type Shipped,
  seen,
  seenOf,
  ship,
  shipBatch,
} from './support/shipping.js';

const a = newRing();
const b = newRing();

test('whenever it stops, with or without the last acks, no log is lost and none comes twice', async () => {
  const stop = fc.record({ after: fc.nat(4), acks: fc.nat(4), flush: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(stop, { minLength: 1, maxLength: 6 }), async (stops) => {
      const store = new MemoryObjectStore();
      await ship(store, { ringId: a, prevSeqNo: 0, seqNos: range(1, 4) });
      await shipBatch(store, [
        { ringId: a, prevSeqNo: 2, seqNos: range(3, 6) },
        { ringId: b, prevSeqNo: 0, seqNos: [1, 2] },
        { ringId: a, prevSeqNo: 6, seqNos: [7] },
      ]);
      await ship(
        store,
        { ringId: b, prevSeqNo: 0, seqNos: [1] },
        { ringId: a, prevSeqNo: 7, seqNos: [8, 9] },
        { ringId: b, prevSeqNo: 2, seqNos: [3] },
      );
      const came: Record<string, number[]> = { [a]: [], [b]: [] };
      let stored: string | undefined;
      for (const { after, acks, flush } of [...stops, { after: 100, acks: 100, flush: true }]) {
        const position = stored === undefined ? undefined : (JSON.parse(stored) as RingPosition);
        const consumer = await openRingConsumer(store, { ...(position && { position }) });
        let left = after;
        for await (const batch of consumer.batches({ follow: false })) {
          if (left-- === 0) break;
          came[batch.ringId]!.push(...seen(batch).seqNos);
          stored = JSON.stringify(batch.position);
          if (after - left <= acks) await batch.ack();
        }
        // Else the consumer is left as it is, and fenced by the next one.
        if (flush) await consumer.close();
      }
      assert.deepEqual(came, { [a]: range(1, 9), [b]: range(1, 3) });
    }),
    { numRuns: 60 },
  );
});

test('a loop that is left goes on behind the range it got', async () => {
  const store = new MemoryObjectStore();
  const ranges: Shipped[] = range(1, 3).map((i) => ({ ringId: a, prevSeqNo: i * 10, seqNos: [i * 10 + 1] }));
  await shipBatch(store, ranges);
  const consumer = await openRingConsumer(store);
  for await (const batch of consumer) {
    assert.equal(batch.firstSeqNo, 11);
    break;
  }
  assert.deepEqual(
    (await seenOf(consumer)).map(({ seqNos }) => seqNos),
    [[21], [31]],
  );
  await consumer.close();
});

test('a position that is none is refused', async () => {
  const store = new MemoryObjectStore();
  for (const position of [7, null, {}, { rings: { [a]: -1 } }, { sequence: 1.5, rings: {} }]) {
    await assert.rejects(
      openRingConsumer(store, { position: position as never }),
      withCode('WALDO_INVALID_ARGUMENT', /position is \{ sequence, rings \}/),
    );
  }
});
