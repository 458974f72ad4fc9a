import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { turn } from './support/fake-engine.js';
import { openFake, range, withCode } from './support/rings.js';

test('bytes have a delimiter after every payload', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a', 'bb']);
  await waldo.append(['', 'é']);
  assert.equal(await text(waldo.query(Cursor.trim()).toReadableStream()), 'a\nbb\n\né\n');
  assert.equal(await text(waldo.query(Cursor.trim()).toReadableStream({ delimiter: ';' })), 'a;bb;;é;');
});

test('in object mode it is one of logs', async () => {
  const { waldo } = await openFake();
  for (let n = 1; n <= 100; n += 20) await waldo.append(range(n, n + 19).map(String));
  const seqNos: number[] = [];
  const stream = waldo.query(Cursor.trim()).toReadableStream({ objectMode: true });
  for await (const log of stream) seqNos.push(log.seqNo);
  assert.deepEqual(seqNos, range(1, 100));
});

test('nothing is read before somebody wants it', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a']);
  const stream = waldo.query(Cursor.trim());
  let asked = 0;
  const next = stream.next.bind(stream);
  stream.next = () => {
    asked++;
    return next();
  };
  const reader = stream.toReadableStream().getReader();
  await turn();
  assert.equal(asked, 0);
  await reader.read();
  await turn();
  assert.equal(asked, 1);
  await reader.cancel();
});

test('cancelling it ends the stream, a waiting one too', async () => {
  const { waldo } = await openFake();
  const tail = waldo.tail(Cursor.tip());
  const reader = tail.toReadableStream().getReader();
  const waiting = reader.read();
  await reader.cancel();
  assert.equal((await waiting).done, true);
  assert.equal((await tail.next()).done, true);
});

test('what ends the stream with an error ends it with that', async () => {
  const { waldo } = await openFake();
  const stream = waldo.query(Cursor.after(5)).toReadableStream();
  await assert.rejects(text(stream), withCode('WALDO_CURSOR'));
});

test('bad options are refused', async () => {
  const { waldo } = await openFake();
  const stream = waldo.query(Cursor.trim());
  for (const options of [{ objectMode: 1 }, { delimiter: 7 }])
    assert.throws(
      () => stream.toReadableStream(options as never),
      withCode('WALDO_INVALID_ARGUMENT', /of toReadableStream is/),
    );
});
