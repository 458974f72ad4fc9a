import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Producer } from '../../src/buffer/index.js';
import { MemoryObjectStore } from '../../src/buffer/object-store/memory.js';
import type { ForeignRecords } from '../../src/buffer/ring-consumer.js';
import { withCode } from '../support/rings.js';
import { newRing, openRingConsumer, payloadOf, seenOf, ship } from './support/shipping.js';

const ringId = newRing();

/** Foreign records between logs, of which some have damaged metadata. */
async function mixed(damaged: boolean): Promise<MemoryObjectStore> {
  const store = new MemoryObjectStore();
  await ship(store, { ringId, prevSeqNo: 0, seqNos: [1, 2] });
  const producer = await Producer.open({ store });
  await producer.produce(['x', 'y'], 'somebody else');
  await producer.produce(['z']);
  if (damaged) await producer.produce(['one log'], payloadOf({ ringId, prevSeqNo: 2, seqNos: [3, 4] }));
  await producer.close();
  await ship(store, { ringId, prevSeqNo: 2, seqNos: [3] });
  return store;
}

const logs = [
  { ringId, seqNos: [1, 2] },
  { ringId, seqNos: [3] },
];

test("other producers' batches are skipped", async () => {
  const consumer = await openRingConsumer(await mixed(false));
  assert.deepEqual(await seenOf(consumer), logs);
  assert.equal(consumer.stats().foreign, 3);
  await consumer.close();
});

test('or handed to who wants them', async () => {
  const foreign: ForeignRecords[] = [];
  const consumer = await openRingConsumer(await mixed(true), {
    onForeign: (records) => void foreign.push(records),
  });
  assert.deepEqual(await seenOf(consumer), logs);
  assert.deepEqual(
    foreign.map(({ sequence, entries, metadata, error }) => [
      sequence,
      entries.map(String),
      error?.code ?? metadata?.toString(),
    ]),
    [
      [1, ['x', 'y'], 'somebody else'],
      [1, ['z'], ''],
      [1, ['one log'], 'WALDO_CORRUPT'],
    ],
  );
  await consumer.close();
});

test('records that should be logs, and cannot be read, are not skipped', async () => {
  const consumer = await openRingConsumer(await mixed(true));
  for (let i = 0; i < 2; i++) {
    await assert.rejects(seenOf(consumer), withCode('WALDO_CORRUPT', /2 logs, and the batch has 1 records/));
  }
  await consumer.close();
});
