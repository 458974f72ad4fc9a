import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Producer } from '../../src/buffer/index.js';
import { deferred } from './support/buffers.js';
import { consume, filled } from './support/filled.js';
import { unavailable } from './support/scripted-store.js';

test('nextBatch walks on without acks, and says when there is none yet', async () => {
  const store = await filled(2);
  const consumer = await consume(store);
  const first = await consumer.nextBatch();
  const second = await consumer.nextBatch();
  assert.deepEqual([first!.sequence, String(first!.entries[0])], [0, '0']);
  assert.deepEqual([second!.sequence, String(second!.entries[0])], [1, '1']);
  assert.equal(await consumer.nextBatch(), undefined);
  await filled(1, store);
  assert.equal((await consumer.nextBatch())!.sequence, 2);
  await consumer.close();
});

test('calls side by side get different batches', async () => {
  const consumer = await consume(await filled(3));
  const batches = await Promise.all([consumer.nextBatch(), consumer.nextBatch(), consumer.nextBatch()]);
  assert.deepEqual(
    batches.map((batch) => batch?.sequence),
    [0, 1, 2],
  );
  await consumer.close();
});

test('descriptors take one read of the manifest and are fetched in any order', async () => {
  const store = await filled(5);
  const consumer = await consume(store);
  store.operations.length = 0;
  const descriptors = await consumer.nextDescriptors(3);
  assert.equal(store.operations.length, 1);
  const handle = consumer.fetchHandle();
  const batches = await Promise.all([...descriptors].reverse().map((descriptor) => handle.fetch(descriptor)));
  assert.deepEqual(
    batches.map(({ entries }) => String(entries[0])),
    ['2', '1', '0'],
  );
  assert.equal((await consumer.nextBatch())!.sequence, 3);
  await consumer.close();
});

test('a batch that could not be fetched is the next one again', async () => {
  const store = await filled(1);
  const consumer = await consume(store, { retryTimeout: 0 });
  store.before = ({ verb, key }) => {
    if (verb === 'get' && key.endsWith('.batch')) throw unavailable();
  };
  await assert.rejects(consumer.nextBatch(), { code: 'WALDO_STORE' });
  store.before = () => {};
  assert.equal((await consumer.nextBatch())!.sequence, 0);
  await consumer.close();
});

test('a loop fetches ahead, in order, and waits for what is to come', async () => {
  const store = await filled(10);
  const consumer = await consume(store, { prefetch: 3 });
  const gate = deferred();
  let fetching = 0;
  let most = 0;
  store.before = async ({ verb, key }) => {
    if (verb !== 'get' || !key.endsWith('.batch')) return;
    most = Math.max(most, ++fetching);
    if (fetching === 3) gate.resolve();
    await gate.promise;
    fetching--;
  };
  const seen: number[] = [];
  for await (const batch of consumer) {
    seen.push(batch.sequence);
    if (batch.sequence === 9) void filled(1, store);
    if (batch.sequence === 10) break;
  }
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.equal(most, 3);
  await consumer.close();
});

test('whoever leaves a loop goes on behind what it got, whatever was fetched ahead', async () => {
  const consumer = await consume(await filled(10));
  for await (const batch of consumer) if (batch.sequence === 2) break;
  assert.equal((await consumer.nextBatch())!.sequence, 3);
  for await (const batch of consumer) {
    assert.equal(batch.sequence, 4);
    break;
  }
  await consumer.close();
});

test('a loop ends at the end if it is not to follow, when it is aborted, and when the consumer is closed', async () => {
  const store = await filled(2);
  const consumer = await consume(store);
  const seen: number[] = [];
  for await (const batch of consumer.batches({ follow: false })) seen.push(batch.sequence);
  assert.deepEqual(seen, [0, 1]);

  const signal = AbortSignal.timeout(5);
  await assert.rejects(consumer.batches({ signal }).next(), { code: 'WALDO_ABORTED' });

  const waiting = consumer.batches().next();
  await consumer.close();
  assert.deepEqual(await waiting, { value: undefined, done: true });
});

test('looking at a manifest that has not changed does not transfer it', async () => {
  const store = await filled(1);
  const consumer = await consume(store);
  await consumer.nextBatch();
  store.operations.length = 0;
  assert.equal(await consumer.nextBatch(), undefined);
  assert.deepEqual(
    store.operations.map(({ verb }) => verb),
    ['getIfChanged'],
  );
  await consumer.close();
});

test('entries of several producers are all there', async () => {
  const store = await filled(0);
  const names = ['a', 'b', 'c', 'd'];
  await Promise.all(
    names.map(async (name) => {
      const producer = await Producer.open({ store, flushSizeBytes: 20 });
      for (let i = 0; i < 100; i++) await producer.produce([`${name}${i}`]);
      await producer.close();
    }),
  );
  const consumer = await consume(store);
  const seen: string[] = [];
  for await (const { entries } of consumer.batches({ follow: false })) seen.push(...entries.map(String));
  for (const name of names) {
    assert.deepEqual(
      seen.filter((entry) => entry.startsWith(name)),
      Array.from({ length: 100 }, (_, i) => `${name}${i}`),
    );
  }
  await consumer.close();
});
