import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { openFake, openManual, range, seqNosOf, TINY } from './support/rings.js';

// A frame of 4096 bytes has a header of 96; a log takes 24 bytes and its data rounded up to 8.
const ONE_SLAB = 4096 - 96;

test('a batch that just fits a slab is one frame', async () => {
  const { waldo, fake } = await openFake(TINY);
  await waldo.append(Array(5).fill(Buffer.alloc(ONE_SLAB / 5 - 24)));
  await waldo.append(Array(5).fill('x'.repeat(ONE_SLAB / 5 - 24)));
  assert.deepEqual(fake.commitSizes, [5, 5]);
});

test('a batch that does not fit what is left of a frame gets one of its own', async () => {
  const { waldo, fake } = await openFake(TINY);
  const small = waldo.append([Buffer.alloc(1000)]);
  const large = waldo.append([Buffer.alloc(1500), Buffer.alloc(1500)]);
  await Promise.all([small, large]);
  assert.deepEqual(fake.commitSizes, [1, 2]);
});

test('a batch of strings is measured in the bytes that they take', async () => {
  const { waldo, fake } = await openFake(TINY);
  // Three bytes a character would not fit, one does.
  const small = waldo.append(['x'.repeat(500)]);
  const large = waldo.append(['x'.repeat(1000), 'y'.repeat(1000)]);
  await Promise.all([small, large]);
  assert.deepEqual(fake.commitSizes, [3]);
  await waldo.append(['é'.repeat(900), 'é'.repeat(900)]);
  assert.deepEqual(fake.commitSizes, [3, 2]);
});

test('a batch that is one byte too large is spread over frames', async () => {
  const { waldo, fake } = await openFake(TINY);
  assert.equal(await waldo.append([Buffer.alloc(3000), Buffer.alloc(ONE_SLAB - 3024 - 24 + 1)]), 2);
  assert.deepEqual(fake.commitSizes, [1, 1]);
});

test('a frame has no more logs than a page', async () => {
  const { waldo, fake } = await openFake({ pageCapacity: 3 });
  assert.equal(await waldo.append(Array(8).fill('x')), 8);
  assert.deepEqual(fake.commitSizes, [3, 3, 2]);
  const [two, three] = [waldo.append(['a', 'b']), waldo.append(['c', 'd', 'e'])];
  await Promise.all([two, three]);
  assert.deepEqual(fake.commitSizes, [3, 3, 2, 2, 3]);
});

test('a batch larger than all slabs together is appended', async () => {
  const { waldo, fake } = await openFake({ ...TINY, cacheBytes: 16384 });
  const small = waldo.append(['before']);
  const large = waldo.append(Array(1000).fill(Buffer.alloc(100)));
  const after = waldo.append(['after']);
  assert.deepEqual(await Promise.all([small, large, after]), [1, 1001, 1002]);
  assert.equal(fake.texts.at(-1), 'after');
  assert.deepEqual(await seqNosOf(waldo.query(Cursor.trim())), range(1, 1002));
});

test('appendSync appends a batch larger than all slabs together', async () => {
  const { waldo } = await openManual(TINY);
  assert.equal(waldo.appendSync(Array(1000).fill('x'.repeat(100))), 1000);
  assert.equal(waldo.prevSeqNo, 1000);
});

test('an explicit batch larger than all slabs together keeps its numbers', async () => {
  const { waldo } = await openFake(TINY);
  const logs = range(1, 500).map((n) => ({ seqNo: n * 3, prevSeqNo: (n - 1) * 3, data: Buffer.alloc(100) }));
  assert.equal(await waldo.append(logs), 1500);
  assert.deepEqual(
    await seqNosOf(waldo.query(Cursor.trim())),
    logs.map((log) => log.seqNo),
  );
});

test('a batch of a million logs is no problem', async () => {
  const { waldo } = await openFake();
  assert.equal(await waldo.append(Array(1_000_000).fill('x')), 1_000_000);
  assert.equal(waldo.prevSeqNo, 1_000_000);
});
