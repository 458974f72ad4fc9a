import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ulid } from 'ulid';
import { collectGarbage } from '../../src/buffer/index.js';
import { storeFailed } from '../../src/buffer/object-store/store-errors.js';
import { manifestEntries, stored } from './support/buffers.js';
import { consume, filled } from './support/filled.js';

const HOUR = 3_600_000;
const batchName = (age: number) => `ingest/${ulid(Date.now() - age)}.batch`;

/** A store whose batches but the last are consumed. */
async function consumed() {
  const store = await filled(3);
  const now = Date.now();
  while (Date.now() === now); // The last one is younger, by the time in its name.
  await filled(1, store);
  const consumer = await consume(store);
  await consumer.ackThrough(2);
  await consumer.close();
  return store;
}

const keys = async (store: Awaited<ReturnType<typeof filled>>) => {
  const all: string[] = [];
  for await (const { key } of store.list('')) all.push(key);
  return all;
};

test('consumed batches are deleted, others are not', async () => {
  const store = await consumed();
  const report = await collectGarbage({ store, gracePeriod: 0 });
  assert.deepEqual([report.examined, report.garbage, report.deleted], [4, 3, 3]);
  assert.deepEqual(await stored(store), [['0']]);
  assert.equal((await keys(store)).filter((key) => key.endsWith('.batch')).length, 1);
});

test('a dry run deletes nothing', async () => {
  const store = await consumed();
  const report = await collectGarbage({ store, gracePeriod: 0, dryRun: true });
  assert.deepEqual([report.garbage, report.deleted], [3, 0]);
  assert.ok(report.garbageBytes > 0);
  assert.equal((await keys(store)).filter((key) => key.endsWith('.batch')).length, 4);
});

test('young objects are spared, by their name and by the clock of the store', async () => {
  const store = await consumed();
  const old = batchName(HOUR); // By its name; the store has just got it.
  await store.putIfAbsent(old, Buffer.of(1));
  const report = await collectGarbage({ store });
  assert.deepEqual([report.examined, report.garbage], [5, 0]);
});

test('objects that are younger than the oldest of the manifest are spared', async () => {
  const store = await consumed();
  const inFlight = batchName(-HOUR);
  await store.putIfAbsent(inFlight, Buffer.of(1));
  await collectGarbage({ store, gracePeriod: 0 });
  assert.ok((await keys(store)).includes(inFlight));
});

test('other names are left alone', async () => {
  const store = await consumed();
  const others = [
    'ingest/notes.txt',
    'ingest/x.batch',
    `ingest/${ulid(1)}.batch.tmp`,
    `elsewhere/${ulid(1)}.batch`,
  ];
  for (const key of others) await store.putIfAbsent(key, Buffer.of(1));
  await collectGarbage({ store, gracePeriod: 0 });
  for (const key of others) assert.ok((await keys(store)).includes(key), key);
});

test('without a manifest nothing is garbage', async () => {
  const store = await consumed();
  const report = await collectGarbage({ store, gracePeriod: 0, manifestPath: 'ingest/manifset' });
  assert.deepEqual([report.manifestFound, report.deleted], [false, 0]);
});

test('what is entered while the objects are listed is spared', async () => {
  const store = await filled(1);
  const consumer = await consume(store);
  await consumer.ackThrough(0); // The manifest has no oldest entry.
  await consumer.close();
  const list = store.list.bind(store);
  store.list = async function* (prefix, options) {
    yield* list(prefix, options);
    await filled(1, store);
    yield* list(prefix, options);
  };
  await collectGarbage({ store, gracePeriod: 0 });
  assert.deepEqual(await stored(store), [['0']]);
});

test('a delete that fails is reported, and tried again the next time', async () => {
  const store = await consumed();
  const remove = store.delete.bind(store);
  const error = storeFailed('x', 'slow down', { retryable: true });
  store.delete = async ([first, ...rest], options) => [
    { key: first!, error },
    ...(await remove(rest, options)),
  ];
  const report = await collectGarbage({ store, gracePeriod: 0 });
  assert.deepEqual([report.garbage, report.deleted, report.failed.length], [3, 2, 1]);
  store.delete = remove;
  assert.equal((await collectGarbage({ store, gracePeriod: 0 })).deleted, 1);
});

test('a consumer collects now and then', async () => {
  const store = await consumed();
  const consumer = await consume(store, { gcInterval: 1, gcGracePeriod: 0 });
  while ((await keys(store)).filter((key) => key.endsWith('.batch')).length > 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal((await manifestEntries(store)).length, 1);
  await consumer.close();
});
