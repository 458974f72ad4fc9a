import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Producer } from '../../src/buffer/index.js';
import { MemoryObjectStore } from '../../src/buffer/object-store/memory.js';
import { manifestEntries, stored } from './support/buffers.js';

test('calls within the interval become one batch, each with an item of metadata', async () => {
  const store = new MemoryObjectStore();
  const producer = await Producer.open({ store, flushInterval: 60_000 });
  const first = await producer.produce(['a', Buffer.from('b')], 'one');
  const second = await producer.produce([new Uint8Array([0, 255])], Buffer.from('two'));
  const third = await producer.produce(['c']);
  await producer.close();

  const [entry, ...others] = await manifestEntries(store);
  assert.deepEqual(others, []);
  assert.deepEqual(
    entry!.metadata.map(({ startIndex, payload, ingestionTimeMs }) => [
      startIndex,
      String(payload),
      ingestionTimeMs,
    ]),
    [
      [0, 'one', first.ingestionTimeMs],
      [2, 'two', second.ingestionTimeMs],
      [3, '', third.ingestionTimeMs],
    ],
  );
  assert.deepEqual(await stored(store), [['a', 'b', '\u0000\ufffd', 'c']]);
  const durable = { sequence: 0, location: entry!.location };
  assert.deepEqual(first.watcher.result(), durable);
  assert.deepEqual(await third.watcher.awaitDurable(), durable);
});

test('a batch is closed once it has the flush size', async () => {
  const store = new MemoryObjectStore();
  const producer = await Producer.open({ store, flushInterval: 60_000, flushSizeBytes: 10 });
  await producer.produce(['12345'], '1234');
  const { watcher } = await producer.produce(['6']); // 10 bytes with it.
  assert.deepEqual((await watcher.awaitDurable()).sequence, 0);
  const later = await producer.produce(['7']);
  assert.equal(later.watcher.result(), undefined);
  await producer.close();
  assert.deepEqual(await stored(store), [['12345', '6'], ['7']]);
});

test('entries are copied: the caller may use its buffer again', async () => {
  const store = new MemoryObjectStore();
  const producer = await Producer.open({ store, flushInterval: 60_000 });
  const entry = Buffer.from('before');
  const metadata = Buffer.from('meta');
  await producer.produce([entry], metadata);
  entry.fill('x');
  metadata.fill('x');
  await producer.close();
  assert.deepEqual(await stored(store), [['before']]);
  assert.equal(String((await manifestEntries(store))[0]!.metadata[0]!.payload), 'meta');
});

for (const batchCompression of ['none', 'zstd'] as const) {
  test(`what was produced is read again, compression ${batchCompression}`, async () => {
    const store = new MemoryObjectStore();
    const producer = await Producer.open({ store, flushSizeBytes: 1000, batchCompression });
    const entries = Array.from({ length: 500 }, (_, i) => `entry ${i} `.repeat(i % 7));
    for (const entry of entries) await producer.produce([entry]);
    await producer.close();
    assert.deepEqual((await stored(store)).flat(), entries);
  });
}
