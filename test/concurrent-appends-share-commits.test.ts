import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turn } from './support/fake-engine.js';
import { openFake, openManual, range, stateOf } from './support/rings.js';

test('appends of one turn of the event loop share a commit', async () => {
  const { waldo, fake } = await openManual();
  const appends = range(1, 100).map((n) => waldo.append([`log ${n}`]));
  await fake.commit();
  assert.deepEqual(await Promise.all(appends), range(1, 100));
  assert.deepEqual(fake.commitSizes, [100]);
});

test('what comes while a commit is in flight is the next commit', async () => {
  const { waldo, fake } = await openManual();
  const first = waldo.append(['a']);
  await turn();
  assert.equal(fake.queued, 1);
  const rest = range(1, 50).map((n) => waldo.append([`log ${n}`]));
  await turn();
  assert.equal(fake.queued, 1, 'nothing more is submitted');
  await fake.commit(1);
  assert.equal(await first, 1);
  assert.equal(fake.queued, 1, 'the next one is submitted as soon as the disk is free');
  await fake.commit(1);
  await Promise.all(rest);
  assert.deepEqual(fake.commitSizes, [1, 50]);
});

test('callers that are resumed by one commit share another', async () => {
  const { waldo, fake } = await openFake();
  const caller = async () => {
    for (let i = 0; i < 10; i++) await waldo.append(['x']);
  };
  await Promise.all(Array.from({ length: 1000 }, caller));
  assert.deepEqual(fake.commitSizes, Array(10).fill(1000));
});

test('each append resolves to its own last number, in order', async () => {
  const { waldo, fake } = await openManual();
  const order: number[] = [];
  const appends = range(1, 20).map((n) =>
    waldo.append(Array(n).fill('x')).then((seqNo) => order.push(seqNo)),
  );
  await fake.commit();
  await Promise.all(appends);
  let last = 0;
  assert.deepEqual(
    order,
    range(1, 20).map((n) => (last += n)),
  );
});

test('nothing resolves before it is durable', async () => {
  const { waldo, fake } = await openManual();
  const first = waldo.append(['a']);
  await turn();
  const second = waldo.append(['b']);
  assert.equal(await stateOf(first), 'pending');
  assert.equal(waldo.prevSeqNo, undefined);
  await fake.commit(1);
  assert.equal(await stateOf(first), 'fulfilled');
  assert.equal(await stateOf(second), 'pending');
  assert.equal(waldo.prevSeqNo, 1);
  await fake.commit();
  assert.equal(await second, 2);
});

test('several frames that become durable at once resolve together', async () => {
  const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 8 });
  const appends = range(1, 5).map(() => waldo.append([Buffer.alloc(3000)]));
  await turn();
  assert.equal(fake.queued, 4, 'full frames are submitted at once, the last one is open');
  await fake.commit();
  await fake.commit();
  assert.deepEqual(await Promise.all(appends), range(1, 5));
});
