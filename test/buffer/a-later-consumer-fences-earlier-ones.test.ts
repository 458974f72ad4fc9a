import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QuickEnvironment, readManifest } from './support/buffers.js';
import { consume, filled } from './support/filled.js';
import { failing, unavailable, writesManifest } from './support/scripted-store.js';

const fenced = { code: 'WALDO_FENCED' };

test('the earlier one can neither read nor ack any more', async () => {
  const store = await filled(3);
  const earlier = await consume(store);
  await earlier.nextBatch();
  await earlier.ack(0);
  const later = await consume(store);
  await assert.rejects(earlier.nextBatch(), fenced);
  await assert.rejects(earlier.nextDescriptors(1), fenced);
  await assert.rejects(earlier.ackThrough(1), fenced);
  await assert.rejects(earlier.flush(), fenced);
  await assert.rejects(earlier.close(), fenced);
  assert.equal((await later.nextBatch())!.sequence, 0);
  await later.close();
  assert.equal((await readManifest(store)).entryCount, 3);
});

test('a dequeue on its way when another one takes over is not applied', async () => {
  const store = await filled(3);
  const earlier = await consume(store);
  let later: Awaited<ReturnType<typeof consume>> | undefined;
  store.before = async (operation) => {
    if (!writesManifest(operation) || later !== undefined) return;
    store.before = () => {};
    later = await consume(store);
  };
  await assert.rejects(earlier.ackThrough(2), fenced);
  assert.equal((await readManifest(store)).entryCount, 3);
  await later!.close();
  await earlier.close();
});

test('a consumer whose answer was lost takes an epoch that is surely its own', async () => {
  const store = await filled(1);
  const environment = new QuickEnvironment();
  store.after = failing(1, writesManifest);
  const consumer = await consume(store, { environment });
  assert.equal((await readManifest(store)).epoch, 2n);
  assert.equal((await consumer.nextBatch())!.sequence, 0);
  await consumer.close();
});

test('a lost answer of a dequeue is harmless', async () => {
  const store = await filled(3);
  const consumer = await consume(store, { environment: new QuickEnvironment() });
  let left = 1;
  store.after = (operation) => {
    if (writesManifest(operation) && left-- > 0) throw unavailable();
  };
  await consumer.ackThrough(1);
  assert.equal((await readManifest(store)).entryCount, 1);
  await consumer.close();
});
