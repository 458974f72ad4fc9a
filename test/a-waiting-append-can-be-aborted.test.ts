import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { turn } from './support/fake-engine.js';
import { openFake, openManual, range, withCode } from './support/rings.js';

const TWO_SLABS = { bufCapacity: 4096, poolSize: 2 };
const FULL = 3000;

test('a signal that is aborted already appends nothing', async () => {
  const { waldo, fake } = await openFake();
  const reason = new Error('too late');
  await assert.rejects(waldo.append(['a'], { signal: AbortSignal.abort(reason) }), (error: Error) => {
    assert.equal(error.cause, reason);
    return withCode('WALDO_ABORTED', /append was aborted/)(error as never);
  });
  await waldo.close();
  assert.equal(fake.logs.length, 0);
});

test('an append that waits is rejected at once; those behind it move up', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const controller = new AbortController();
  const fill = [waldo.append([Buffer.alloc(FULL)]), waldo.append([Buffer.alloc(FULL)])];
  const aborted = waldo.append([Buffer.alloc(FULL)], { signal: controller.signal });
  const behind = waldo.append(['behind']);
  controller.abort('enough');
  await assert.rejects(aborted, (error: Error) => error.cause === 'enough');
  while (fake.tip < 3) await fake.commit(1);
  assert.deepEqual(await Promise.all([...fill, behind]), [1, 2, 3]);
});

test('explicit logs behind an aborted append are refused, those that follow are measured anew', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const controller = new AbortController();
  const fill = [waldo.append([Buffer.alloc(FULL)]), waldo.append([Buffer.alloc(FULL)])];
  const aborted = waldo.append(['a', 'b', Buffer.alloc(FULL)], { signal: controller.signal });
  const dependent = waldo.append([{ seqNo: 6, prevSeqNo: 5, data: 'x' }]);
  const rejections = Promise.all([
    assert.rejects(aborted, withCode('WALDO_ABORTED')),
    assert.rejects(dependent, withCode('WALDO_SEQUENCE')),
  ]);
  controller.abort();
  const independent = waldo.append([{ seqNo: 8, prevSeqNo: 2, data: 'y' }]);
  while (fake.tip < 8) await fake.commit(1);
  await rejections;
  assert.deepEqual(await Promise.all([...fill, independent]), [1, 2, 8]);
});

test('once it is packed, the signal has no effect', async () => {
  const { waldo, fake } = await openManual();
  const controller = new AbortController();
  const done = waldo.append(['a'], { signal: controller.signal });
  controller.abort();
  await fake.commit();
  assert.equal(await done, 1);
});

test('once it is packed in part, the signal has no effect', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const controller = new AbortController();
  const done = waldo.append(
    range(1, 5).map(() => Buffer.alloc(FULL)),
    { signal: controller.signal },
  );
  await turn();
  controller.abort();
  while (fake.tip < 5) await fake.commit(1);
  assert.equal(await done, 5);
});

test('a hundred thousand appends that wait can be aborted together', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const controller = new AbortController();
  const fill = [waldo.append([Buffer.alloc(FULL)]), waldo.append([Buffer.alloc(FULL)])];
  const waiting = range(1, 100_000).map(() =>
    waldo.append([Buffer.alloc(FULL)], { signal: controller.signal }),
  );
  controller.abort();
  const settled = await Promise.allSettled(waiting);
  assert(settled.every((result) => result.status === 'rejected' && result.reason.code === 'WALDO_ABORTED'));
  while (fake.tip < 2) await fake.commit(1);
  await Promise.all(fill);
  const next = waldo.append(['next']);
  await fake.commit();
  assert.equal(await next, 3);
});

test('no listener stays on the signal', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const { signal } = new AbortController();
  const appends = range(1, 6).map(() => waldo.append([Buffer.alloc(FULL)], { signal }));
  assert.equal(getEventListeners(signal, 'abort').length, 1, 'one for all');
  while (fake.tip < 6) await fake.commit(1);
  await Promise.all(appends);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});
