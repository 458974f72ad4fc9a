import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Consumer, MemoryObjectStore } from '../../src/buffer/index.js';
import { Manifest } from '../../src/buffer/manifest.js';

test('an entry that leads out of the store is named, and can be passed over', async () => {
  const store = new MemoryObjectStore('hostile');
  const metadata = [{ startIndex: 0, ingestionTimeMs: 0, payload: Buffer.alloc(0) }];
  const manifest = Manifest.empty.append([
    { location: '../../etc/passwd', metadata },
    { location: 'batches/of-another', metadata },
  ]);
  await store.putIfAbsent('ingest/manifest', manifest.bytes);
  await store.putIfAbsent('batches/of-another', Buffer.from([0, 0, 0, 0, 0, 1, 0]));
  await using consumer = await Consumer.open({ store });
  await assert.rejects(consumer.nextBatch(), {
    code: 'WALDO_CORRUPT',
    object: 'memory:hostile/ingest/manifest',
    message: /: the location of entry 0 cannot be used: '\.\.' cannot be part of an object's key/,
  });
  await consumer.ackThrough(0);
  assert.equal((await consumer.nextBatch())?.location, 'batches/of-another');
});
