import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Producer } from '../../src/buffer/index.js';
import { deferred, stored, turn } from './support/buffers.js';
import { failing, forbidden, ScriptedStore, writesBatch, writesManifest } from './support/scripted-store.js';

/** A store whose uploads end when the test says so. */
async function openHeld() {
  const store = new ScriptedStore();
  const uploads: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  store.before = (operation) => {
    if (!writesBatch(operation)) return;
    const held = deferred();
    uploads.push(held);
    return held.promise;
  };
  const producer = await Producer.open({
    store,
    flushSizeBytes: 1,
    maxConcurrentUploads: 3,
    retryTimeout: 0,
  });
  return { store, uploads, producer };
}

test('batches are uploaded side by side, and entered in the order of the calls', async () => {
  const { store, uploads, producer } = await openHeld();
  const handles = await Promise.all(['a', 'b', 'c'].map((entry) => producer.produce([entry])));
  assert.equal(uploads.length, 3);
  uploads[2]!.resolve();
  uploads[1]!.resolve();
  await turn();
  assert.equal(handles[2]!.watcher.result(), undefined);
  uploads[0]!.resolve();
  await producer.flush();
  assert.deepEqual(await stored(store), [['a'], ['b'], ['c']]);
  assert.equal(store.operations.filter(writesManifest).length, 1); // One write for all three.
});

test('a batch that cannot be stored takes no other along', async () => {
  const { store, uploads, producer } = await openHeld();
  const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((entry) => producer.produce([entry])));
  uploads[1]!.reject(forbidden());
  uploads[2]!.resolve();
  uploads[0]!.resolve();
  await assert.rejects(producer.flush(), { code: 'WALDO_STORE', status: 403 });
  await assert.rejects(b!.watcher.awaitDurable(), { code: 'WALDO_STORE' });
  assert.equal((await a!.watcher.awaitDurable()).sequence, 0);
  assert.equal((await c!.watcher.awaitDurable()).sequence, 1);
  assert.deepEqual(await stored(store), [['a'], ['c']]);
});

test('every caller of a batch gets the error, and the next batch gets through', async () => {
  const store = new ScriptedStore();
  store.before = failing(1, writesManifest, forbidden);
  const producer = await Producer.open({ store, flushInterval: 60_000 });
  const [a, b] = await Promise.all([producer.produce(['a']), producer.produce(['b'])]);
  await assert.rejects(producer.flush(), { code: 'WALDO_STORE' });
  assert.equal((a!.watcher.result() as Error & { code: string }).code, 'WALDO_STORE');
  await assert.rejects(b!.watcher.awaitDurable(), { code: 'WALDO_STORE' });
  await producer.produce(['c']);
  await producer.close();
  assert.deepEqual(await stored(store), [['c']]);
});
