import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { range, stateOf, withCode } from '../support/rings.js';
import { deferred, QuickEnvironment } from './support/buffers.js';
import { failing, forbidden, unavailable, writesBatch, writesManifest } from './support/scripted-store.js';
import { batchesIn, restart, startUploader } from './support/uploading.js';

/** Many small batches, and waiting that takes no time. */
const options = () => ({
  environment: new QuickEnvironment(),
  flushSizeBytes: 1024,
  flushInterval: 2 ** 31 - 1,
});

test('a store that fails for hours is tried until it is back', async (t) => {
  const { waldo, store, uploader } = await startUploader(t, options());
  store.before = failing(2000, ({ write }) => write);
  await waldo.append(range(1, 50).map((i) => `${i}`.padEnd(200)));
  await uploader.flush();
  assert.deepEqual((await batchesIn(store)).flat().map(Number), range(1, 50));
  const { retries, lastError } = uploader.stats();
  assert.equal(retries, 2000);
  assert.match(String(lastError), /connection was cut/);
});

test('answers that are lost make nothing come twice', async (t) => {
  const { waldo, store, uploader } = await startUploader(t, options());
  store.after = failing(5, (operation) => writesManifest(operation) || writesBatch(operation));
  for (let i = 1; i <= 50; i++) {
    await waldo.append([`${i}`.padEnd(200)]);
    if (i % 10 === 0) await uploader.flush();
  }
  assert.deepEqual((await batchesIn(store)).flat().map(Number), range(1, 50));
});

test('the manifest has the logs in order, whichever upload ends first', async (t) => {
  const { waldo, store, uploader } = await startUploader(t, options());
  let uploads = 0;
  store.before = async (operation) => {
    if (!writesBatch(operation)) return;
    for (let turns = (uploads++ % 4) * 10; turns > 0; turns--) await new Promise(setImmediate);
  };
  await waldo.append(range(1, 200).map((i) => `${i}`.padEnd(200)));
  await uploader.flush();
  assert.deepEqual((await batchesIn(store)).flat().map(Number), range(1, 200));
});

for (const [what, matches] of [
  ['a batch', writesBatch],
  ['the manifest', writesManifest],
] as const) {
  test(`a store that refuses ${what} for good ends the uploader, and nothing behind it is shipped`, async (t) => {
    const { waldo, store, uploader } = await startUploader(t, options());
    await waldo.append(['a']);
    await uploader.flush();
    store.before = failing(1, matches, forbidden);
    await waldo.append(range(1, 50).map((i) => `${i}`.padEnd(200)));
    const refused = withCode('WALDO_STORE', /access denied/);
    await assert.rejects(uploader.flush(), refused);
    await assert.rejects(uploader.finished, refused);
    await assert.rejects(uploader.flush(), refused);
    await assert.rejects(uploader.close(), refused);
    assert.deepEqual(await batchesIn(store), [['a']]);
    assert.equal(waldo.metadata().cursors[0]!.position, 1);
  });
}

test('a cursor that cannot be committed ends the uploader', async (t) => {
  const { waldo, fake, uploader } = await startUploader(t);
  fake.cursorFailure = { code: 1, message: 'pwrite: no space left on device', errno: 28 };
  await waldo.append(['a']);
  await assert.rejects(uploader.flush(), withCode('WALDO_IO', /no space/));
});

test('while nothing can be shipped, only so much is read', async (t) => {
  const { waldo, store, uploader } = await startUploader(t, { ...options(), maxConcurrentUploads: 2 });
  const away = deferred();
  store.before = (operation) => (writesBatch(operation) ? away.promise : undefined);
  await waldo.append(range(1, 500).map((i) => `${i}`.padEnd(200)));
  const flushed = uploader.flush();
  assert.equal(await stateOf(flushed), 'pending');
  for (let i = 0; i < 100; i++) await new Promise(setImmediate);
  assert.equal(store.count('putIfAbsent', '.batch'), 2);
  assert.equal(uploader.stats().batchesInFlight, 2);
  away.resolve();
  await flushed;
  assert.deepEqual((await batchesIn(store)).flat().map(Number), range(1, 500));
});

test('close waits for a store that is away no longer than it is told', async (t) => {
  const { waldo, store, uploader } = await startUploader(t, { environment: new QuickEnvironment() });
  store.before = failing(Number.POSITIVE_INFINITY, ({ write }) => write);
  await waldo.append(['a']);
  await uploader.close({ timeout: 1000 });
  assert.equal(uploader.stats().lag, 1);
});

test('a store that is away at the start delays nothing but uploads', async (t) => {
  const { waldo, store, uploader: first } = await startUploader(t);
  await first.close();
  store.before = failing(3, () => true, unavailable);
  const uploader = await restart(t, waldo, store, { environment: new QuickEnvironment() });
  await waldo.append(['a']);
  await uploader.flush();
  assert.deepEqual(await batchesIn(store), [['a']]);
});

test('channels tell of uploads and of retries', async (t) => {
  const heard: unknown[] = [];
  const listen = (message: unknown, name: string | symbol) => heard.push([name, message]);
  for (const name of ['waldo:upload', 'waldo:upload-retry']) {
    subscribe(name, listen);
    t.after(() => unsubscribe(name, listen));
  }
  const { waldo, store, uploader } = await startUploader(t, { environment: new QuickEnvironment() });
  store.before = failing(1, writesManifest);
  await waldo.append(['a', 'bc']);
  await uploader.flush();
  const [retry, upload] = heard as [[string, Record<string, unknown>], [string, Record<string, unknown>]];
  assert.equal(retry[0], 'waldo:upload-retry');
  assert.equal(retry[1].attempt, 1);
  assert.equal((retry[1].error as { code: string }).code, 'WALDO_STORE');
  const { milliseconds, location, ...rest } = upload[1];
  assert.equal(upload[0], 'waldo:upload');
  assert.match(String(location), /^ingest\/.*\.batch$/);
  assert.equal(typeof milliseconds, 'number');
  assert.deepEqual(rest, {
    directory: '/ring',
    store: 'memory:scripted',
    firstSeqNo: 1,
    lastSeqNo: 2,
    logs: 2,
    bytes: 3,
    sequence: 0,
  });
});
