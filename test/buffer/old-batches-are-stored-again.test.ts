import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STALE_AFTER } from '../../src/buffer/batch-writer.js';
import { collectGarbage, Producer } from '../../src/buffer/index.js';
import { QuickEnvironment, stored } from './support/buffers.js';
import { ScriptedStore, unavailable, writesManifest } from './support/scripted-store.js';

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
