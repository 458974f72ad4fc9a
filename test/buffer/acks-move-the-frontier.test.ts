import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifestEntries, readManifest } from './support/buffers.js';
import { consume, filled } from './support/filled.js';
import { failing, forbidden, writesManifest } from './support/scripted-store.js';

test('acks come one after the other', async () => {
  const consumer = await consume(await filled(3));
  await assert.rejects(consumer.ack(0), /batch 0 cannot be acked: all that was handed out is acked/);
  await consumer.nextBatch();
  await consumer.nextBatch();
  await assert.rejects(consumer.ack(1), /batch 1 cannot be acked: the next is 0/);
  await consumer.ack(0);
  await assert.rejects(consumer.ack(0), /the next is 1/);
  await consumer.ack(1);
  await assert.rejects(consumer.ack(2), /all that was handed out is acked/);
  await assert.rejects(consumer.ack(-1), { code: 'WALDO_INVALID_ARGUMENT' });
  await consumer.close();
});

test('they reach the manifest every hundred, and when flushed', async () => {
  const store = await filled(150);
  const consumer = await consume(store);
  const left = async () => (await manifestEntries(store)).length;
  for await (const batch of consumer.batches({ follow: false })) {
    await batch.ack();
    if (batch.sequence === 98) assert.equal(await left(), 150);
    if (batch.sequence === 99) assert.equal(await left(), 50);
  }
  assert.equal(await left(), 50);
  await consumer.flush();
  assert.equal(await left(), 0);
  assert.equal(consumer.length, 0);
  await consumer.close();
});

test('close flushes', async () => {
  const store = await filled(2);
  const consumer = await consume(store);
  await (await consumer.nextBatch())!.ack();
  await consumer.close();
  assert.deepEqual(
    (await manifestEntries(store)).map(({ sequence }) => sequence),
    [1],
  );
});

test('a batch acks those before it as well', async () => {
  const store = await filled(3);
  const consumer = await consume(store);
  const batches = [await consumer.nextBatch(), await consumer.nextBatch(), await consumer.nextBatch()];
  await batches[1]!.ack();
  await batches[0]!.ack();
  await consumer.flush();
  assert.equal((await manifestEntries(store)).length, 1);
  await consumer.close();
});

test('ackThrough takes one write, first in the manifest and then in memory', async () => {
  const store = await filled(5);
  const consumer = await consume(store, { retryTimeout: 0 });
  await consumer.nextBatch();
  store.before = failing(1, writesManifest, forbidden);
  await assert.rejects(consumer.ackThrough(2), { code: 'WALDO_STORE' });
  await consumer.ack(0); // Nothing was moved.
  store.operations.length = 0;
  await consumer.ackThrough(2);
  assert.equal(store.operations.filter(writesManifest).length, 1);
  assert.equal((await manifestEntries(store))[0]!.sequence, 3);
  assert.equal((await consumer.nextBatch())!.sequence, 3); // Reading goes on behind it.
  await consumer.ackThrough(1); // Long since done.
  await assert.rejects(consumer.ackThrough(5), /has no entry 5: its last is 4/);
  await consumer.close();
});

test('a consumer goes on after the sequence that its caller has stored', async () => {
  const store = await filled(5);
  const consumer = await consume(store);
  await consumer.initialize(2);
  assert.equal((await consumer.nextBatch())!.sequence, 3);
  assert.equal((await manifestEntries(store))[0]!.sequence, 3);
  await consumer.ack(3);
  await assert.rejects(consumer.initialize(3), /initialize comes before anything is read/);
  await consumer.close();
});

test('a stored sequence that the manifest never had is refused', async () => {
  const store = await filled(5);
  const consumer = await consume(store);
  await assert.rejects(consumer.initialize(5), /has no entry 5: its last is 4/);
  await consumer.close();
  const empty = await consume(await filled(0));
  await assert.rejects(empty.initialize(0), /it has never had one/);
  await empty.close();
});

test('batches that somebody else removed are missed, not skipped', async () => {
  const store = await filled(5);
  const other = await consume(store);
  await other.ackThrough(3);
  await other.close();
  const consumer = await consume(store);
  await consumer.initialize(1);
  await assert.rejects(consumer.nextBatch(), { code: 'WALDO_TRIMMED', oldestSeqNo: 4 });
  await consumer.close();
});

test('what left the manifest is remembered in its receipts', async () => {
  const store = await filled(3);
  const entries = await manifestEntries(store);
  const consumer = await consume(store);
  await consumer.ackThrough(1);
  await consumer.close();
  const receipts = await readManifest(store, 'ingest/manifest.dequeued');
  assert.deepEqual(
    [...receipts.entries()].map(({ sequence, location }) => [sequence, location]),
    entries.slice(0, 2).map(({ sequence, location }) => [sequence, location]),
  );
});
