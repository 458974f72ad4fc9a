import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { turn } from './support/fake-engine.js';
import { openFake, range, withCode } from './support/rings.js';

const DONE = { value: undefined, done: true };

test('return ends a stream that waits', async () => {
  const { waldo } = await openFake();
  const tail = waldo.tail(Cursor.tip());
  const next = tail.next();
  assert.deepEqual(await tail.return(), DONE);
  assert.deepEqual(await next, DONE);
  await waldo.append(['a']);
  assert.deepEqual(await tail.next(), DONE);
});

test('return ends a stream that reads from disk', async () => {
  const { waldo } = await openFake({ cacheBytes: 0 });
  await waldo.append(['a']);
  const stream = waldo.query(Cursor.trim());
  const next = stream.next();
  await stream.return();
  assert.deepEqual(await next, DONE);
  await turn();
  assert.deepEqual(await stream.next(), DONE);
});

test('leaving a loop early ends the stream', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a']);
  const tail = waldo.tail(Cursor.trim());
  for await (const logs of tail) {
    assert.equal(logs.length, 1);
    break;
  }
  assert.deepEqual(await tail.next(), DONE);
});

test('those who leave do not disturb those who stay', async () => {
  const { waldo } = await openFake();
  const tails = range(1, 100).map(() => waldo.tail(Cursor.tip()));
  const nexts = tails.map((tail) => tail.next());
  for (const [i, tail] of tails.entries()) if (i % 3 > 0) await tail.return();
  await waldo.append(['a']);
  const results = await Promise.all(nexts);
  for (const [i, { value }] of results.entries()) assert.equal(value?.length, i % 3 > 0 ? undefined : 1);
});

test('await using ends the stream', async () => {
  const { waldo } = await openFake();
  let next: Promise<unknown>;
  {
    await using tail = waldo.tail(Cursor.tip());
    next = tail.next();
  }
  assert.deepEqual(await next, DONE);
});

test('a signal rejects the call that waits, and ends the stream', async () => {
  const { waldo } = await openFake();
  const controller = new AbortController();
  const tail = waldo.tail(Cursor.tip(), { signal: controller.signal });
  const [first, second] = [tail.next(), tail.next()];
  const reason = new Error('enough');
  const rejected = assert.rejects(first, (error: Error) => {
    assert.equal(error.cause, reason);
    return withCode('WALDO_ABORTED', /the stream was aborted/)(error as never);
  });
  controller.abort(reason);
  await rejected;
  assert.deepEqual(await second, DONE);
  assert.deepEqual(await tail.next(), DONE);
});

test('a signal that aborts between two calls rejects the next one', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a']);
  for (const waitFirst of [false, true]) {
    const controller = new AbortController();
    const tail = waldo.tail(Cursor.trim(), { signal: controller.signal });
    await tail.next();
    if (waitFirst) {
      const next = tail.next();
      await waldo.append(['b']);
      await next;
    }
    controller.abort();
    await assert.rejects(tail.next(), withCode('WALDO_ABORTED'));
    assert.deepEqual(await tail.next(), DONE);
  }
});

test('a signal that is aborted already rejects the first call', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a']);
  const stream = waldo.query(Cursor.trim(), { signal: AbortSignal.abort() });
  await assert.rejects(stream.next(), withCode('WALDO_ABORTED'));
});

test('a signal ends a stream that reads from disk', async () => {
  const { waldo } = await openFake({ cacheBytes: 0 });
  await waldo.append(['a']);
  const controller = new AbortController();
  const next = waldo.query(Cursor.trim(), { signal: controller.signal }).next();
  const rejected = assert.rejects(next, withCode('WALDO_ABORTED'));
  controller.abort();
  await rejected;
});

test('no listener is left, however often next is called and however a stream ends', async () => {
  const { waldo } = await openFake();
  const { signal } = new AbortController();
  const tails = range(1, 50).map(() => waldo.tail(Cursor.tip(), { signal }));
  for (let i = 0; i < 100; i++) {
    const nexts = tails.map((tail) => tail.next());
    assert.equal(getEventListeners(signal, 'abort').length, 1, 'one for all');
    await waldo.append(['x']);
    await Promise.all(nexts);
  }
  for (const tail of tails.slice(0, 25)) await tail.return();
  const query = waldo.query(Cursor.trim(), { signal });
  for await (const _ of query);
  const lasts = tails.slice(25).map((tail) => tail.next());
  await waldo.close();
  await Promise.all(lasts);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('a million calls of next leave nothing behind', async () => {
  const { waldo } = await openFake();
  const { signal } = new AbortController();
  await waldo.append(['x']);
  for (let i = 0; i < 1_000_000; i++) {
    const stream = waldo.query(Cursor.trim(), { signal });
    await stream.next();
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('a signal that is none is refused', async () => {
  const { waldo } = await openFake();
  const options = { signal: 'no' as unknown as AbortSignal };
  assert.throws(
    () => waldo.tail(Cursor.tip(), options),
    withCode('WALDO_INVALID_ARGUMENT', /not an AbortSignal/),
  );
});
