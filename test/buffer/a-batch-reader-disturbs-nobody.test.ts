import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchReader } from '../../src/buffer/batch-reader.js';
import type { ObjectStore } from '../../src/buffer/index.js';
import { consume, filled } from './support/filled.js';
import { ScriptedStore, unavailable } from './support/scripted-store.js';

const never = new AbortController().signal;

function read(store: ObjectStore, after?: number, follow = false, signal = never): BatchReader {
  return new BatchReader({ store }, { after, follow, signal });
}

async function sequencesOf(reader: BatchReader): Promise<number[]> {
  const sequences: number[] = [];
  for await (const { sequence } of reader.batches()) sequences.push(sequence);
  return sequences;
}

async function batchKeys(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('ingest/')) if (key.endsWith('.batch')) keys.push(key);
  return keys;
}

test('a reader sees all batches, writes nothing and fences nobody', async () => {
  const store = await filled(10);
  const consumer = await consume(store);
  store.operations.length = 0;
  assert.deepEqual(await sequencesOf(read(store)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(await sequencesOf(read(store, 7)), [8, 9]);
  assert.deepEqual(await sequencesOf(read(store, 9)), []);
  assert(store.operations.every(({ write }) => !write));
  assert.equal((await consumer.nextBatch())!.sequence, 0);
  await consumer.close();
});

test('a reader that follows waits for a manifest, and for batches', async () => {
  const store = new ScriptedStore();
  const stop = new AbortController();
  const reader = read(store, undefined, true, stop.signal);
  assert.equal(await reader.manifest(), undefined);
  const batches = reader.batches();
  const first = batches.next();
  await filled(1, store);
  assert.equal((await first).value!.sequence, 0);
  const second = batches.next();
  await filled(1, store);
  assert.equal((await second).value!.sequence, 1);
  const third = batches.next();
  stop.abort();
  await assert.rejects(third, { name: 'AbortError' });
});

test('what a consumer has removed meanwhile is told, whether its object is there or not', async () => {
  const store = await filled(12);
  const reader = read(store);
  const batches = reader.batches();
  assert.equal((await batches.next()).value!.sequence, 0);
  const consumer = await consume(store);
  await consumer.ackThrough(10);
  await assert.rejects(sequencesOf(read(store, 3)), {
    code: 'WALDO_TRIMMED',
    message: /the batches 4 to 10 were removed by a consumer/,
    oldestSeqNo: 11,
  });
  await store.delete(await batchKeys(store));
  // What was fetched ahead comes; what was not is gone.
  await assert.rejects(
    async () => {
      for await (const _ of batches);
    },
    { code: 'WALDO_TRIMMED', oldestSeqNo: 11 },
  );
  await consumer.close();
});

test('an object that is missing although the manifest names it is no batch that was removed', async () => {
  const store = await filled(1);
  await store.delete(await batchKeys(store));
  await assert.rejects(sequencesOf(read(store)), { code: 'WALDO_NOT_FOUND' });
});

test('a reader cannot begin after a batch that never was', async () => {
  const message = /has no batch 2: its last is 1/;
  await assert.rejects(sequencesOf(read(await filled(2), 2)), { code: 'WALDO_INVALID_ARGUMENT', message });
});

test('a store that cannot be reached shows at once, one that fails later is tried again', async () => {
  const store = await filled(2);
  let failures = 1;
  store.before = () => {
    if (failures-- > 0) throw unavailable();
  };
  const reader = read(store);
  await assert.rejects(reader.manifest(), { code: 'WALDO_STORE' });
  failures = 2;
  assert.deepEqual(await sequencesOf(reader), [0, 1]);
});
