import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { openFake, range, withCode } from './support/rings.js';

const DONE = { value: undefined, done: true };

test('logs() yields every log of every chunk', async () => {
  const { waldo } = await openFake();
  for (let n = 1; n <= 100; n += 10) await waldo.append(range(n, n + 9).map(String));
  const texts: string[] = [];
  for await (const log of waldo.query(Cursor.trim()).logs()) texts.push(log.text());
  assert.deepEqual(texts, range(1, 100).map(String));
});

test('calls of next that overlap are answered in order', async () => {
  const { waldo } = await openFake();
  const logs = waldo.tail(Cursor.tip()).logs();
  const nexts = range(1, 6).map(() => logs.next());
  await waldo.append(['a', 'b', 'c']);
  await waldo.append(['d']);
  const four = await Promise.all(nexts.slice(0, 4));
  assert.deepEqual(
    four.map((result) => result.value!.text()),
    ['a', 'b', 'c', 'd'],
  );
  await logs.return!();
  assert.deepEqual(await Promise.all(nexts.slice(4)), [DONE, DONE]);
});

test('leaving early ends the stream, inside a chunk too', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a', 'b', 'c']);
  const stream = waldo.tail(Cursor.trim());
  const logs = stream.logs();
  for await (const log of logs) if (log.seqNo === 2) break;
  assert.deepEqual(await logs.next(), DONE);
  assert.deepEqual(await stream.next(), DONE);
});

test('return does not wait for a log', async () => {
  const { waldo } = await openFake();
  const logs = waldo.tail(Cursor.tip()).logs();
  const next = logs.next();
  assert.deepEqual(await logs.return!(), DONE);
  assert.deepEqual(await next, DONE);
});

test('an error is the answer to one call', async () => {
  const { waldo } = await openFake();
  const controller = new AbortController();
  const logs = waldo.tail(Cursor.tip(), { signal: controller.signal }).logs();
  const [first, second] = [logs.next(), logs.next()];
  const rejected = assert.rejects(first, withCode('WALDO_ABORTED'));
  controller.abort();
  await rejected;
  assert.deepEqual(await second, DONE);
});

test('await using ends the stream', async () => {
  const { waldo } = await openFake();
  const stream = waldo.tail(Cursor.tip());
  {
    await using logs = stream.logs() as AsyncIterableIterator<unknown> & AsyncDisposable;
    assert.equal(typeof logs.next, 'function');
  }
  assert.deepEqual(await stream.next(), DONE);
});
