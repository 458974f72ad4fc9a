import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STALE_AFTER } from '../../src/buffer/batch-writer.js';
import { collectGarbage, Producer } from '../../src/buffer/index.js';
import { manifestEntries, QuickEnvironment, stored, turn } from './support/buffers.js';
import { ScriptedStore, unavailable, writesBatch, writesManifest } from './support/scripted-store.js';

test('a batch that could not be entered for long is stored anew, so that no collector takes it', async () => {
  const environment = new QuickEnvironment();
  const store = new ScriptedStore();
  const producer = await Producer.open({ store, environment, retryTimeout: Number.POSITIVE_INFINITY });
  store.before = (operation) => {
    if (writesManifest(operation) && environment.slept < STALE_AFTER) throw unavailable();
  };
  const { watcher } = await producer.produce(['a']);
  const { location } = await watcher.awaitDurable();
  const batches = store.operations.filter(
    ({ verb, key }) => verb === 'putIfAbsent' && key.endsWith('.batch'),
  );
  assert.equal(batches.length, 2);
  assert.equal(location, batches[1]!.key);
  await producer.close();

  const report = await collectGarbage({ store, gracePeriod: 0 });
  assert.equal(report.deleted, 1);
  assert.deepEqual(await stored(store), [['a']]);
});

for (const minutes of [4, 30]) {
  test(`a batch that becomes old while another one is stored again, for ${minutes} minutes, is fresh`, async () => {
    const environment = new QuickEnvironment();
    const store = new ScriptedStore();
    const producer = await Producer.open({ store, environment, retryTimeout: Number.POSITIVE_INFINITY });
    const storedAt = new Map<string, number>();
    let entered = 0;
    store.before = async (operation) => {
      if (writesManifest(operation) && environment.slept < STALE_AFTER) throw unavailable();
      if (!writesBatch(operation)) return;
      storedAt.set(operation.key, environment.slept);
      if (store.count('putIfAbsent', '.batch') !== 4) return;
      await turn(); // The third one has been stored, which is the first batch again.
      environment.slept += minutes * 60_000;
    };
    store.after = (operation) => {
      if (writesManifest(operation)) entered = environment.slept;
    };
    const watchers = [];
    for (const entry of ['a', 'b']) {
      watchers.push((await producer.produce([entry])).watcher);
      void producer.flush();
      await turn();
    }
    for (const watcher of watchers) await watcher.awaitDurable();
    await producer.close();

    assert.deepEqual(await stored(store), [['a'], ['b']]);
    for (const { location } of await manifestEntries(store)) {
      assert(entered - storedAt.get(location)! < STALE_AFTER);
    }
  });
}

test('batches whose writes take long are entered all the same', async () => {
  const environment = new QuickEnvironment();
  const store = new ScriptedStore();
  const producer = await Producer.open({ store, environment });
  store.before = (operation) => {
    if (writesBatch(operation)) environment.slept += 1.5 * STALE_AFTER;
  };
  const { watcher } = await producer.produce(['a']);
  await watcher.awaitDurable();
  await producer.close();
  assert.deepEqual(await stored(store), [['a']]);
  assert.equal(store.count('putIfAbsent', '.batch'), 2);
});
