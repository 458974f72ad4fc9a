import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Producer, type ProducerOptions } from '../../src/buffer/index.js';
import { deferred, stored, turn } from './support/buffers.js';
import { forbidden, ScriptedStore, writesBatch, writesManifest } from './support/scripted-store.js';

/** A producer whose uploads do not end before the test opens the gate. */
async function openStalled(options: Partial<ProducerOptions>) {
  const store = new ScriptedStore();
  const gate = deferred();
  store.before = (operation) => (writesBatch(operation) ? gate.promise : undefined);
  const producer = await Producer.open({ store, flushInterval: 60_000, maxConcurrentUploads: 1, ...options });
  return { store, gate, producer };
}

/** Whether a promise is settled once all that can happen has happened. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await turn();
  return settled;
}

test('calls wait once so many are buffered while nothing can be uploaded', async () => {
  const { store, gate, producer } = await openStalled({ maxBufferedInputs: 2, flushSizeBytes: 3 });
  await producer.produce(['123']); // On its way.
  await producer.produce(['a']);
  await producer.produce(['b']);
  const third = producer.produce(['c']);
  assert.equal(await isSettled(third), false);
  gate.resolve();
  await third;
  await producer.close();
  assert.deepEqual((await stored(store)).flat(), ['123', 'a', 'b', 'c']);
});

test('calls wait once so many bytes are in memory, in the order of the calls', async () => {
  const { store, gate, producer } = await openStalled({ maxBufferedBytes: 10 });
  await producer.produce(['12345678']);
  const large = producer.produce(['a larger one']);
  const small = producer.produce(['s']);
  assert.equal(await isSettled(large), false);
  assert.equal(await isSettled(small), false);
  gate.resolve();
  await Promise.all([large, small]);
  await producer.close();
  assert.deepEqual((await stored(store)).flat(), ['12345678', 'a larger one', 's']);
});

test('a call that waits can be aborted, and leaves nothing behind', async () => {
  const { store, gate, producer } = await openStalled({ maxBufferedBytes: 1 });
  await producer.produce(['a']);
  const abort = new AbortController();
  const aborted = producer.produce(['b'], '', { signal: abort.signal });
  const later = producer.produce(['c']);
  abort.abort(new Error('no longer wanted'));
  await assert.rejects(aborted, { code: 'WALDO_ABORTED' });
  gate.resolve();
  await later;
  await producer.close();
  assert.deepEqual((await stored(store)).flat(), ['a', 'c']);
});

test('close takes in what waits even if a later call is given up meanwhile', async () => {
  const { store, gate, producer } = await openStalled({ maxBufferedBytes: 1 });
  await producer.produce(['a']);
  const waiting = ['b', 'c'].map((entry) => producer.produce([entry]));
  const abort = new AbortController();
  const aborted = producer.produce(['d'], '', { signal: abort.signal });
  const closed = producer.close();
  abort.abort(new Error('no longer wanted'));
  await assert.rejects(aborted, { code: 'WALDO_ABORTED' });
  await turn();
  gate.resolve();
  await closed;
  for (const handle of await Promise.all(waiting)) assert.ok(handle.watcher.result());
  assert.deepEqual((await stored(store)).flat(), ['a', 'b', 'c']);
});

test('batches that fail make room for the one that waits', async () => {
  const store = new ScriptedStore();
  const gate = deferred();
  store.before = (operation) => {
    if (operation.verb === 'get') return gate.promise;
    if (writesManifest(operation)) throw forbidden();
    return undefined;
  };
  const producer = await Producer.open({
    store,
    flushInterval: 60_000,
    maxConcurrentUploads: 1,
    flushSizeBytes: 1,
    maxBufferedBytes: 100,
  });
  const calls = [];
  for (const entry of ['a', 'b', 'c']) {
    calls.push(producer.produce([entry]));
    // The first two are stored, and there they stay: the manifest cannot be read.
    while (store.count('putIfAbsent', '.batch') < Math.min(calls.length, 2)) await turn();
    await turn();
  }
  gate.resolve();
  for (const call of calls) {
    await assert.rejects(
      call.then(({ watcher }) => watcher.awaitDurable()),
      { code: 'WALDO_STORE' },
    );
  }
  await producer.close();
});

test('bytes that wait are copied: the caller may use its buffer again', async () => {
  const { store, gate, producer } = await openStalled({ maxBufferedBytes: 1 });
  await producer.produce(['a']);
  const entry = Buffer.from('b');
  const waiting = producer.produce([entry]);
  entry.fill('x');
  gate.resolve();
  await waiting;
  await producer.close();
  assert.deepEqual((await stored(store)).flat(), ['a', 'b']);
});

test('close takes in what waits, ships it, and refuses what comes later', async () => {
  const { store, gate, producer } = await openStalled({ maxBufferedBytes: 1 });
  await producer.produce(['a']);
  const waiting = ['b', 'c', 'd'].map((entry) => producer.produce([entry]));
  const closed = producer.close();
  await assert.rejects(producer.produce(['e']), { code: 'WALDO_CLOSED' });
  assert.equal(await isSettled(closed), false);
  gate.resolve();
  await closed;
  await producer.close();
  for (const handle of await Promise.all(waiting)) assert.ok(handle.watcher.result());
  assert.deepEqual((await stored(store)).flat(), ['a', 'b', 'c', 'd']);
});
