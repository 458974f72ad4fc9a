import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UploadGap } from '../../src/buffer/index.js';
import type { FakeEngine } from '../support/fake-engine.js';
import { turn } from './support/buffers.js';
import { batchesIn, restart, startUploader } from './support/uploading.js';

/** The code of damage, in native/status.h. */
const CORRUPT = 2;

/** Reads find that logs up to the tip are damaged. */
function damage(fake: FakeEngine, firstLost: number, lastLost: number): void {
  fake.readFailure = { code: CORRUPT, message: 'a frame is damaged', firstLost, lastLost };
}

test('a flush does not wait for logs that are lost, up to the tip', async (t) => {
  const { waldo, fake, store, uploader: first } = await startUploader(t, {}, { cacheBytes: 0 });
  await first.close();
  await waldo.append(['a', 'b', 'c']);
  damage(fake, 1, 3);
  const gaps: UploadGap[] = [];
  const uploader = await restart(t, waldo, store, { onGap: (gap) => gaps.push(gap) });
  await uploader.flush();
  assert.equal(gaps.length, 1);
  assert.equal(waldo.metadata().cursors[0]!.position, 3);
  await uploader.flush();
  fake.readFailure = undefined;
  await waldo.append(['d']);
  await uploader.flush();
  assert.deepEqual(await batchesIn(store), [['d']]);
});

test('what comes before the loss is shipped before the cursor passes it', async (t) => {
  const gaps: UploadGap[] = [];
  const { waldo, fake, store, uploader } = await startUploader(
    t,
    { onGap: (gap) => gaps.push(gap) },
    { cacheBytes: 0 },
  );
  await waldo.append(['a']);
  while (fake.reads === 0) await turn();
  await turn();
  damage(fake, 2, 3);
  await waldo.append(['b', 'c']);
  while (gaps.length === 0) await turn();
  assert.equal(uploader.stats().position, 0);
  await uploader.flush();
  assert.deepEqual(await batchesIn(store), [['a']]);
  assert.equal(uploader.stats().position, 3);
});

test('an uploader that does not follow ends behind the loss', async (t) => {
  const { waldo, fake, store, uploader: first } = await startUploader(t, {}, { cacheBytes: 0 });
  await first.close();
  await waldo.append(['a', 'b']);
  damage(fake, 1, 2);
  const uploader = await restart(t, waldo, store, { follow: false, onGap: () => {} });
  await uploader.finished;
  assert.equal(waldo.metadata().cursors[0]!.position, 2);
});
