import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turn } from './support/fake-engine.js';
import { openManual, range, stateOf, withCode } from './support/rings.js';

/** Each append of 3000 bytes fills a slab; two may be in flight, so the third has to wait. */
const TWO_SLABS = { bufCapacity: 4096, poolSize: 2 };
const FULL = 3000;

test('an append that finds no slab waits, and gets the next number when there is one', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const appends = range(1, 4).map(() => waldo.append([Buffer.alloc(FULL)]));
  await turn();
  assert.equal(fake.allocations, 2);
  assert.deepEqual(await Promise.all(appends.map(stateOf)), Array(4).fill('pending'));
  while (fake.logs.length < 4) await fake.commit(1);
  assert.deepEqual(await Promise.all(appends), range(1, 4));
  assert.equal(fake.allocations, 4, 'slabs that the cache holds are not used again');
});

test('queueDepth bounds the frames in flight', async () => {
  const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 64, queueDepth: 3 });
  const appends = range(1, 10).map(() => waldo.append([Buffer.alloc(FULL)]));
  await turn();
  assert.equal(fake.queued, 3);
  for (let n = 1; n <= 10; n++) {
    await fake.commit(1);
    assert(fake.queued <= 3);
  }
  assert.deepEqual(await Promise.all(appends), range(1, 10));
});

test('a small append does not overtake a large one that waits', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const appends = range(1, 3).map(() => waldo.append([Buffer.alloc(FULL)]));
  const small = waldo.append(['small']);
  while (fake.logs.length < 4) await fake.commit(1);
  assert.deepEqual(await Promise.all([...appends, small]), range(1, 4));
});

test('explicit logs may follow appends that wait', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const fill = range(1, 3).map(() => waldo.append([Buffer.alloc(FULL)]));
  const plain = waldo.append(['a', 'b']);
  const explicit = waldo.append([{ seqNo: 10, prevSeqNo: 5, data: 'c' }]);
  const after = waldo.append(['d']);
  await assert.rejects(
    waldo.append([{ seqNo: 11, prevSeqNo: 10, data: 'late' }]),
    withCode('WALDO_CONFLICT', /moved the tip to 11/),
  );
  await assert.rejects(
    waldo.append([{ seqNo: 20, prevSeqNo: 12, data: 'wrong' }]),
    withCode('WALDO_SEQUENCE'),
  );
  while (fake.tip < 11) await fake.commit(1);
  assert.deepEqual(await Promise.all([...fill, plain, explicit, after]), [1, 2, 3, 5, 10, 11]);
});

test('a batch that has been packed in part goes first', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const large = waldo.append(range(1, 5).map((n) => Buffer.alloc(FULL, n)));
  const small = waldo.append(['small']);
  const explicit = waldo.append([{ seqNo: 9, prevSeqNo: 6, data: 'x' }]);
  while (fake.tip < 9) await fake.commit(1);
  assert.deepEqual(await Promise.all([large, small, explicit]), [5, 6, 9]);
});

test('the array of a batch that waits may be used again', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const fill = [waldo.append([Buffer.alloc(FULL)]), waldo.append([Buffer.alloc(FULL)])];
  const batch: string[] = ['a'.repeat(FULL), 'b'];
  const first = waldo.append(batch);
  batch.length = 0;
  batch.push('c');
  const second = waldo.append(batch);
  while (fake.tip < 5) await fake.commit(1);
  assert.deepEqual(await Promise.all([...fill, first, second]), [1, 2, 4, 5]);
  assert.deepEqual(fake.texts.slice(2), ['a'.repeat(FULL), 'b', 'c']);
});

test('a payload that is detached while its append waits rejects that append only', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const fill = [waldo.append([Buffer.alloc(FULL)]), waldo.append([Buffer.alloc(FULL)])];
  const bytes = new Uint8Array(FULL);
  const victim = waldo.append(['first', bytes]);
  const follower = waldo.append(['after']);
  const explicit = waldo.append([{ seqNo: 6, prevSeqNo: 5, data: 'needs the victim' }]);
  const rejections = Promise.all([
    assert.rejects(
      victim,
      withCode('WALDO_INVALID_ARGUMENT', /log 1 was detached or resized while its append waited/),
    ),
    assert.rejects(explicit, withCode('WALDO_SEQUENCE', /prevSeqNo 5, but the tip is 3/)),
  ]);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  while (fake.tip < 3) await fake.commit(1);
  await rejections;
  assert.deepEqual(await Promise.all([...fill, follower]), [1, 2, 3]);
  assert.equal(fake.texts[2], 'after', 'nothing of the batch is there');
  const next = waldo.append(['next']);
  await fake.commit();
  assert.equal(await next, 4);
});

test('a payload that is resized while its append waits rejects it', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const fill = [waldo.append([Buffer.alloc(FULL)]), waldo.append([Buffer.alloc(FULL)])];
  const memory = new (ArrayBuffer as new (length: number, options: object) => ArrayBuffer)(FULL, {
    maxByteLength: FULL + 100,
  });
  const victim = assert.rejects(waldo.append([new Uint8Array(memory)]), withCode('WALDO_INVALID_ARGUMENT'));
  (memory as ArrayBuffer & { resize(length: number): void }).resize(FULL + 100);
  while (fake.tip < 2) await fake.commit(1);
  await Promise.all([...fill, victim]);
  assert.equal(fake.tip, 2);
});

test('when there is no memory for another slab, appends wait for those that there are', async () => {
  const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 8, cacheBytes: 0 });
  const first = waldo.append([Buffer.alloc(FULL)]);
  await turn();
  fake.allocationFails = true;
  const second = waldo.append([Buffer.alloc(FULL)]);
  while (fake.tip < 2) await fake.commit();
  assert.deepEqual(await Promise.all([first, second]), [1, 2]);
});

test('when there is no memory at all, an append fails and the ring is not latched', async () => {
  const { waldo, fake } = await openManual();
  fake.allocationFails = true;
  const check = withCode('WALDO_IO', /there is no memory for a slab: out of memory/, { errnoName: 'ENOMEM' });
  await assert.rejects(waldo.append(['a']), check);
  fake.allocationFails = false;
  const done = waldo.append(['a']);
  await fake.commit();
  assert.equal(await done, 1);
});
