import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Consumer, Producer } from '../../src/buffer/index.js';
import { QuickEnvironment, stored } from './support/buffers.js';
import {
  failing,
  ScriptedStore,
  unavailable,
  writesBatch,
  writesManifest,
} from './support/scripted-store.js';

const environment = new QuickEnvironment();

async function open(store = new ScriptedStore()) {
  const producer = await Producer.open({ store, flushInterval: 60_000, environment });
  return { store, producer };
}

test('a manifest write that was applied is not repeated', async () => {
  const { store, producer } = await open();
  store.after = failing(1, writesManifest);
  const { watcher } = await producer.produce(['a']);
  await producer.close();
  assert.equal((await watcher.awaitDurable()).sequence, 0);
  assert.deepEqual(await stored(store), [['a']]);
});

test('one that was not applied is', async () => {
  const { store, producer } = await open();
  store.before = failing(3, writesManifest);
  await producer.produce(['a']);
  await producer.close();
  assert.deepEqual(await stored(store), [['a']]);
});

test('one that was applied, and whose entry others have buried, is not repeated', async () => {
  const { store, producer } = await open();
  const other = await Producer.open({ store: store.inner, environment });
  let left = 1;
  store.after = async (operation) => {
    if (!writesManifest(operation) || left-- <= 0) return;
    await other.produce(['b']);
    await other.flush();
    throw unavailable();
  };
  const { watcher } = await producer.produce(['a']);
  await producer.close();
  assert.equal((await watcher.awaitDurable()).sequence, 0);
  assert.deepEqual(await stored(store), [['a'], ['b']]);
});

test('one that was applied, and whose entry was consumed meanwhile, is not repeated', async () => {
  const { store, producer } = await open();
  const other = await Producer.open({ store: store.inner, environment });
  const consumed: string[] = [];
  let left = 1;
  store.after = async (operation) => {
    if (!writesManifest(operation) || left-- <= 0) return;
    await other.produce(['b']);
    await other.flush();
    const consumer = await Consumer.open({ store: store.inner, environment });
    for await (const batch of consumer.batches({ follow: false })) {
      consumed.push(...batch.entries.map(String));
      await batch.ack();
    }
    await consumer.close();
    throw unavailable();
  };
  const { watcher } = await producer.produce(['a']);
  await producer.close();
  assert.equal((await watcher.awaitDurable()).sequence, 0);
  assert.deepEqual(consumed, ['a', 'b']);
  assert.deepEqual(await stored(store), []);
});

test('an upload that was applied is found to be ours', async () => {
  const { store, producer } = await open();
  store.after = failing(1, writesBatch);
  await producer.produce(['a']);
  await producer.close();
  assert.deepEqual(await stored(store), [['a']]);
});

test('a store that stays away is given up after the retry timeout', async () => {
  const store = new ScriptedStore();
  const producer = await Producer.open({ store, flushInterval: 60_000, retryTimeout: 5000, environment });
  store.before = failing(Number.POSITIVE_INFINITY, (operation) => operation.write);
  const before = environment.slept;
  const { watcher } = await producer.produce(['a']);
  await assert.rejects(producer.flush(), { code: 'WALDO_STORE', retryable: true });
  assert.ok(environment.slept - before >= 5000);
  await assert.rejects(watcher.awaitDurable(), /the connection was cut/);
});
