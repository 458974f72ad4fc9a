import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Uploader, type UploadGap } from '../../src/buffer/index.js';
import { Cursor } from '../../src/index.js';
import { range, withCode } from '../support/rings.js';
import { newRing, openRingConsumer, ship } from './support/shipping.js';
import { batchesIn, restart, startUploader } from './support/uploading.js';

test('what the manifest has is not shipped again, even if the cursor was not committed', async (t) => {
  const { waldo, store, uploader } = await startUploader(t);
  await waldo.append(['a', 'b']);
  await uploader.flush();
  await uploader.close();
  await waldo.append(['c']);
  // A new cursor knows of nothing, as one that was not committed when the process was killed.
  const other = await restart(t, waldo, store, { cursor: 'other' });
  await other.flush();
  assert.deepEqual(await batchesIn(store), [['a', 'b'], ['c']]);
  assert.equal(other.stats().logs, 1);
  assert.equal(other.stats().position, 3);
});

test('flush has nothing to do where the manifest has it all', async (t) => {
  const { waldo, store, uploader } = await startUploader(t);
  await waldo.append(['a', 'b']);
  await uploader.close();
  const other = await restart(t, waldo, store, { cursor: 'other' });
  await other.flush();
  assert.deepEqual([other.stats().logs, other.stats().position], [0, 2]);
});

test("other rings' ranges, and such as leave logs out, do not count", async (t) => {
  const { waldo, store, uploader } = await startUploader(t);
  await uploader.close();
  const { ringId } = waldo.metadata();
  await ship(
    store,
    { ringId: newRing(), prevSeqNo: 0, seqNos: [1, 2] },
    { ringId, prevSeqNo: 1, seqNos: [2] },
  );
  await waldo.append(['a', 'b']);
  const again = await restart(t, waldo, store);
  await again.flush();
  assert.equal(again.stats().logs, 2);
});

test('a manifest with logs that the ring does not have any more stops the uploader', async (t) => {
  const { waldo, store, uploader } = await startUploader(t);
  await uploader.close();
  await waldo.append(['a', 'b']);
  await ship(store, { ringId: waldo.metadata().ringId, prevSeqNo: 0, seqNos: range(1, 5) });
  const again = await restart(t, waldo, store);
  await assert.rejects(
    again.finished,
    withCode('WALDO_CORRUPT', /logs up to 5 .* newest log is 2/, { firstLost: 3, lastLost: 5 }),
  );
});

test('start counts for a new cursor only', async (t) => {
  const { waldo, fake, store, uploader: first } = await startUploader(t);
  await first.close();
  await waldo.append(['a', 'b', 'c']);
  const uploader = await restart(t, waldo, store, { cursor: 'late', start: Cursor.after(2) });
  await uploader.close();
  assert.deepEqual(await batchesIn(store), [['c']]);
  fake.trimmed = 3;
  await waldo.append(['d']);
  const again = await restart(t, waldo, store, { cursor: 'late', start: Cursor.after(2) });
  await again.close();
  assert.deepEqual(await batchesIn(store), [['c'], ['d']]);
});

test('logs that the ring has overwritten end the uploader', async (t) => {
  const { waldo, fake, store, uploader: first } = await startUploader(t, {}, { cacheBytes: 0 });
  await first.close();
  await waldo.append(['a', 'b', 'c']);
  fake.trimmed = 2;
  fake.page = 1;
  const uploader = await restart(t, waldo, store);
  await assert.rejects(uploader.finished, withCode('WALDO_TRIMMED', /oldest .* is 3/));
  assert.deepEqual(await batchesIn(store), []);
});

test('or are told to onGap, and to consumers', async (t) => {
  const { waldo, fake, store, uploader: first } = await startUploader(t, {}, { cacheBytes: 0 });
  await waldo.append(['a']);
  await first.close();
  await waldo.append(['b', 'c']);
  fake.trimmed = 2;
  const gaps: UploadGap[] = [];
  const uploader = await restart(t, waldo, store, { onGap: (gap) => gaps.push(gap) });
  await uploader.close();
  assert.deepEqual(await batchesIn(store), [['a'], ['c']]);
  assert.deepEqual(
    gaps.map(({ afterSeqNo, error }) => [afterSeqNo, (error as { oldestSeqNo?: number }).oldestSeqNo]),
    [[1, 3]],
  );
  assert.equal(uploader.stats().gaps, 1);
  const consumer = await openRingConsumer(store);
  const told = [];
  for await (const { firstSeqNo, gap } of consumer.batches({ follow: false })) told.push([firstSeqNo, gap]);
  assert.deepEqual(told, [
    [1, undefined],
    [3, { afterSeqNo: 1, prevSeqNo: 2 }],
  ]);
  await consumer.close();
});

test('options that are none are named', async (t) => {
  const { waldo, store } = await startUploader(t);
  const refuses = (options: object, message: RegExp) =>
    assert.rejects(Uploader.start(waldo, { store, ...options }), message);
  await refuses({ flushInterval: -1 }, /flushInterval: expected a number from 0/);
  await refuses({ flushSizeBytes: 10 }, /flushSizeBytes: expected an integer from 1024/);
  await refuses({ maxConcurrentUploads: 65 }, /from 1 to 64/);
  await refuses({ compression: 'gzip' }, /'none' or 'zstd'/);
  await refuses({ cursor: '../x' }, /a cursor's name is/);
  await refuses({ onGap: 1 }, /onGap: expected a function/);
  await refuses({ store: undefined }, /store: expected an ObjectStore/);
  await refuses({ flushIntervall: 1 }, /did you mean flushInterval/);
  await assert.rejects(
    Uploader.start(7 as never, { store }),
    /expects an open ring or a directory; received 7/,
  );
});
