import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Uploader } from '../../src/buffer/index.js';
import { LogRange } from '../../src/buffer/range.js';
import { stayAlive } from '../integration/support/stay-alive.js';
import { range } from '../support/rings.js';
import { writesManifest } from './support/scripted-store.js';
import { openRingConsumer } from './support/shipping.js';
import { batchesIn, manifestEntries, startUploader } from './support/uploading.js';

test('flush ships what is durable, and moves the cursor behind it', async (t) => {
  const { waldo, store, uploader } = await startUploader(t);
  await waldo.append(['a', 'b']);
  await waldo.append(['c']);
  assert.equal(uploader.stats().lag, 3);
  await uploader.flush();
  assert.deepEqual(await batchesIn(store), [['a', 'b', 'c']]);
  assert.deepEqual(waldo.metadata().cursors, [
    { name: 'uploader', position: 3, lag: 0, hold: true, damaged: false },
  ]);
  await uploader.flush();
  const { logs, bytes, batches, position, lag } = uploader.stats();
  assert.deepEqual(
    { logs, bytes, batches, position, lag },
    { logs: 3, bytes: 3, batches: 1, position: 3, lag: 0 },
  );
});

test('full batches are shipped at once, each of at most flushSizeBytes', async (t) => {
  const { waldo, store, uploader } = await startUploader(t, { flushSizeBytes: 1024 });
  // 3 logs of 204 bytes with their lengths, and 91 bytes of metadata and footer, are less than 1024; 5 are not.
  await waldo.append(Array(9).fill('x'.repeat(200)));
  await uploader.flush();
  assert.deepEqual(
    (await batchesIn(store)).map((batch) => batch.length),
    [4, 4, 1],
  );
});

test('a log that is longer than a batch is one by itself', async (t) => {
  const { waldo, store, uploader } = await startUploader(t, { flushSizeBytes: 1024 });
  await waldo.append(['a', 'b', 'x'.repeat(5000), 'c']);
  await uploader.flush();
  assert.deepEqual(
    (await batchesIn(store)).map((batch) => batch.map((log) => log.length)),
    [[1, 1], [5000], [1]],
  );
});

test('logs are shipped once the interval has passed, and not before', async (t) => {
  stayAlive(t);
  const { waldo, store, uploader } = await startUploader(t, { flushInterval: 20 });
  const uploads = new Promise((resolve) => {
    store.after = (operation) => {
      if (writesManifest(operation)) resolve(undefined);
    };
  });
  await waldo.append(['a']);
  await waldo.append(['b']);
  assert.deepEqual(await batchesIn(store), []);
  await uploads;
  await uploader.close();
  assert.deepEqual(await batchesIn(store), [['a', 'b']]);
});

test('metadata keeps small however irregular the numbers are', async (t) => {
  const { waldo, store, uploader } = await startUploader(t);
  let prevSeqNo = 0;
  for (let i = 0; i < 60; i++) {
    const logs = range(1, 1000).map((j) => {
      const log = { prevSeqNo, seqNo: prevSeqNo + 1 + ((i * 1000 + j) % 300), data: '' };
      prevSeqNo = log.seqNo;
      return log;
    });
    await waldo.append(logs);
  }
  await uploader.flush();
  const entries = await manifestEntries(store);
  assert(entries.length > 1);
  for (const { metadata } of entries) assert(metadata[0]!.payload.length < 70_000);
  const consumer = await openRingConsumer(store);
  let last = 0;
  for await (const batch of consumer.batches({ follow: false })) {
    assert.equal(batch.prevSeqNo, last);
    last = batch.lastSeqNo;
  }
  assert.equal(last, prevSeqNo);
  await consumer.close();
});

test('without follow, the uploader ends when all is shipped', async (t) => {
  const { waldo, store, uploader: first } = await startUploader(t);
  await waldo.append(['a', 'b']);
  await first.close({ flush: false });
  const uploader = await Uploader.start(waldo, { store, follow: false, compression: 'zstd' });
  await uploader.finished;
  assert.deepEqual(await batchesIn(store), [['a', 'b']]);
  assert.equal(waldo.metadata().cursors[0]!.position, 2);
});

test('close ships what is durable, and only once', async (t) => {
  const { waldo, store, uploader } = await startUploader(t);
  await waldo.append(['a']);
  await Promise.all([uploader.close(), uploader.close()]);
  await uploader.finished;
  assert.deepEqual(await batchesIn(store), [['a']]);
});

test('an aborted uploader ships nothing more, and lets others take over', async (t) => {
  const abort = new AbortController();
  const { waldo, store, uploader } = await startUploader(t, { signal: abort.signal });
  await waldo.append(['a']);
  abort.abort();
  await uploader.finished;
  assert.deepEqual(await batchesIn(store), []);
  const again = await Uploader.start(waldo, { store });
  await again.flush();
  await again.close();
  assert.deepEqual(await batchesIn(store), [['a']]);
});

test('a ring that is closed first ends its uploader; what was not shipped is there the next time', async (t) => {
  const { waldo, uploader } = await startUploader(t);
  await waldo.append(['a']);
  await waldo.close();
  await uploader.finished;
});

test('each batch has one item of metadata, which tells its range', async (t) => {
  const { waldo, store, uploader } = await startUploader(t);
  await waldo.append(['a', 'b']);
  await uploader.flush();
  await waldo.append(['c']);
  await uploader.flush();
  const ranges = (await manifestEntries(store)).map(({ metadata }) => {
    assert.equal(metadata.length, 1);
    const { ringId, prevSeqNo, firstSeqNo, lastSeqNo } = LogRange.decode(
      metadata[0]!.payload,
      undefined,
      'm',
    );
    return [ringId, prevSeqNo, firstSeqNo, lastSeqNo];
  });
  const { ringId } = waldo.metadata();
  assert.deepEqual(ranges, [
    [ringId, 0, 1, 2],
    [ringId, 2, 3, 3],
  ]);
});
