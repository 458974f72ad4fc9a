import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Compression } from '../../src/buffer/batch.js';
import { Consumer, MemoryObjectStore } from '../../src/buffer/index.js';
import { Manifest } from '../../src/buffer/manifest.js';
import { dumpManifest } from '../../src/buffer/manifest-dump.js';
import { callsIn, callsOf, consume, contents, produce } from './support/calls.js';
import { crateDump, Exchange } from './support/crate.js';

const compressions: readonly Compression[] = ['none', 'zstd'];

for (const compression of compressions) {
  test(`we consume what the crate produces: ${compression}`, async (t) => {
    const exchange = new Exchange(t);
    const calls = callsOf('crate', 40);
    await exchange.crate.produce([{ compression, calls }]);
    await using consumer = await Consumer.open({ store: await exchange.load() });
    const batches = await consume(consumer);
    assert.deepEqual(callsIn(batches), contents(calls));
    assert.deepEqual(
      batches.map(({ sequence }) => sequence),
      [...batches.keys()],
    );
  });

  test(`the crate consumes what we produce: ${compression}`, async (t) => {
    const exchange = new Exchange(t);
    const store = new MemoryObjectStore();
    const calls = callsOf('waldo', 40);
    await produce({ store, batchCompression: compression }, calls);
    await exchange.save(store);
    const batches = await exchange.crate.consume();
    assert.deepEqual(callsIn(batches), contents(calls));
    assert.match(batches[0]!.location, /^ingest\/[0-9A-HJKMNP-TV-Z]{26}\.batch$/);
  });

  test(`large batches of changing content pass both ways: ${compression}`, async (t) => {
    const exchange = new Exchange(t);
    // zstd cuts into short blocks where the content changes.
    const entries = Array.from({ length: 600 }, (_, i) =>
      Buffer.alloc(i * 37, i % 3 ? `${i} of many ` : `${i}`),
    );
    const calls = [{ metadata: 'large', entries }];
    await exchange.crate.produce([{ compression, calls }]);
    const store = await exchange.load();
    await produce({ store, batchCompression: compression }, calls);
    await exchange.save(store);
    const ours = await consume(await Consumer.open({ store }));
    assert.deepEqual(callsIn(ours), contents([...calls, ...calls]));
    assert.deepEqual(await exchange.crate.consume(), ours);
  });
}

test('producers and consumers of both sides take turns on one manifest', async (t) => {
  const exchange = new Exchange(t);
  const [first, second, third] = [callsOf('a', 9), callsOf('b', 9), callsOf('c', 9)];
  await exchange.crate.produce([{ compression: 'none', calls: first }]);
  const store = await exchange.load();
  await produce({ store, batchCompression: 'zstd' }, second);
  const consumer = await Consumer.open({ store });
  const batches = await consume(consumer, 2);
  await consumer.close();
  await exchange.save(store);

  await exchange.crate.produce([{ compression: 'zstd', calls: third }]);
  batches.push(...(await exchange.crate.consume(3)));
  const later = await exchange.load();
  const manifest = Manifest.parse((await later.get('ingest/manifest')).body, 'manifest');
  assert.equal(manifest.epoch, 2n, 'each consumer counts it up');
  assert.equal(manifest.firstSequence(), 5);
  assert.deepEqual(JSON.parse([...dumpManifest(manifest)].join('')), await crateDump(manifest.bytes));

  await using rest = await Consumer.open({ store: later });
  batches.push(...(await consume(rest)));
  assert.deepEqual(callsIn(batches), contents([...first, ...second, ...third]));
});

test('the crate resumes behind the sequence that we were at, and we behind its', async (t) => {
  const exchange = new Exchange(t);
  const calls = callsOf('waldo', 12).map((call) => ({ ...call, flush: true }));
  const store = new MemoryObjectStore();
  await produce({ store }, calls);
  await exchange.save(store);
  const theirs = await exchange.crate.consume(4, 2);
  assert.deepEqual(
    theirs.map(({ sequence }) => sequence),
    [3, 4, 5, 6],
  );
  await using consumer = await Consumer.open({ store: await exchange.load() });
  await consumer.initialize(8);
  const ours = await consume(consumer);
  assert.deepEqual(
    ours.map(({ sequence }) => sequence),
    [9, 10, 11],
  );
  assert.deepEqual(callsIn(ours), contents(calls.slice(9)));
});
