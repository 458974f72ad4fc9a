import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { BUFFER_METRICS, type BufferMetric, Producer } from '../../src/buffer/index.js';
import { consume } from './support/filled.js';
import { ScriptedStore } from './support/scripted-store.js';

test('producers and consumers tell what they do', async (t) => {
  const heard = new Map<string, BufferMetric[]>();
  for (const name of Object.keys(BUFFER_METRICS)) {
    const listen = (message: unknown) => {
      heard.set(name, [...(heard.get(name) ?? []), message as BufferMetric]);
    };
    subscribe(name, listen);
    t.after(() => unsubscribe(name, listen));
  }
  const sum = (name: string) => (heard.get(name) ?? []).reduce((total, { value }) => total + value, 0);

  const store = new ScriptedStore();
  const producer = await Producer.open({ store, flushInterval: 60_000 });
  await producer.produce(['abc', 'de']);
  await producer.close();
  assert.equal(sum('buffer.batches_flushed'), 1);
  assert.equal(sum('buffer.entries_flushed'), 2);
  assert.equal(sum('buffer.bytes_flushed'), 5);
  assert.equal(sum('buffer.bytes_written'), 5 + 2 * 4 + 7);
  assert.equal(heard.get('buffer.flush_duration_seconds')?.length, 1);
  assert.deepEqual(heard.get('buffer.manifest_writes')?.[0], {
    value: 1,
    store: store.url,
    manifestPath: 'ingest/manifest',
    role: 'producer',
  });

  const consumer = await consume(store);
  const batch = await consumer.nextBatch();
  await batch!.ack();
  await consumer.close();
  assert.equal(sum('buffer.batches_collected'), 1);
  assert.equal(sum('buffer.entries_collected'), 2);
  assert.equal(sum('buffer.bytes_collected'), 20);
  assert.equal(sum('buffer.acks'), 1);
  assert.equal(heard.get('buffer.queue_length')?.[0]?.value, 1);
  assert.equal(heard.get('buffer.queue_length')?.at(-1)?.value, 0);
  assert.ok(heard.get('buffer.consumer_lag_seconds')![0]!.value >= 0);
  assert.equal(heard.get('buffer.manifest_writes')?.at(-1)?.role, 'consumer');
});
