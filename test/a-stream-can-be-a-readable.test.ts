import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { Cursor, type Log, type ReadableOptions } from '../src/index.js';
import { turn } from './support/fake-engine.js';
import { openFake, range, withCode } from './support/rings.js';

test('bytes have a newline after every payload', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a', 'bb']);
  await waldo.append(['', 'é']);
  assert.equal(await text(waldo.query(Cursor.trim()).toReadable()), 'a\nbb\n\né\n');
});

test('the delimiter may be another, bytes, or none', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a', 'b']);
  const read = (options: ReadableOptions) => text(waldo.query(Cursor.trim()).toReadable(options));
  assert.equal(await read({ delimiter: '\r\n' }), 'a\r\nb\r\n');
  assert.equal(await read({ delimiter: new Uint8Array([0]) }), 'a\0b\0');
  assert.equal(await read({ delimiter: '' }), 'ab');
});

test('chunks without any bytes are passed over', async () => {
  const { waldo } = await openFake();
  for (const log of ['', '', 'a', '']) await waldo.append([log]);
  assert.equal(await text(waldo.query(Cursor.trim()).toReadable({ delimiter: '' })), 'a');
});

test('every byte is kept', async () => {
  const { waldo } = await openFake({ bufCapacity: 65536 });
  const payloads = range(1, 300).map((n) => Buffer.alloc(n * 7, n));
  for (const payload of payloads) await waldo.append([payload]);
  const expected = Buffer.concat(payloads.flatMap((payload) => [payload, Buffer.from('\n')]));
  assert((await buffer(waldo.query(Cursor.trim()).toReadable())).equals(expected));
});

test('in object mode it is one of logs', async () => {
  const { waldo } = await openFake();
  for (let n = 1; n <= 100; n += 20) await waldo.append(range(n, n + 19).map(String));
  const seqNos: number[] = [];
  const readable = waldo.query(Cursor.trim()).toReadable({ objectMode: true });
  for await (const log of readable as AsyncIterable<Log>) seqNos.push(log.seqNo);
  assert.deepEqual(seqNos, range(1, 100));
});

for (const objectMode of [false, true]) {
  test(`it reads no further than its consumer, object mode ${objectMode}`, async () => {
    const { waldo } = await openFake({ bufCapacity: 65536 });
    for (let i = 0; i < 50; i++) await waldo.append(range(1, 10).map(() => Buffer.alloc(6000)));
    const stream = waldo.query(Cursor.trim());
    let chunks = 0;
    const next = stream.next.bind(stream);
    stream.next = () => {
      chunks++;
      return next();
    };
    const readable = stream.toReadable({ objectMode });
    readable.read(0);
    for (let i = 0; i < 20; i++) await turn();
    assert(chunks <= 3, `${chunks} chunks were read for nobody`);
    let bytes = 0;
    const slow = new Writable({
      objectMode,
      write: (chunk: Buffer | Log, _encoding, callback) => {
        bytes += chunk instanceof Uint8Array ? chunk.length : chunk.data.length + 1;
        setImmediate(callback);
      },
    });
    await pipeline(readable, slow);
    assert.equal(bytes, 500 * 6001);
  });
}

test('it goes on as logs come, and ends with the ring', async () => {
  const { waldo } = await openFake();
  const received = text(waldo.tail(Cursor.tip()).toReadable());
  for (const log of ['a', 'b', 'c']) {
    await waldo.append([log]);
    await turn();
  }
  await waldo.close();
  assert.equal(await received, 'a\nb\nc\n');
});

test('destroying it ends the stream', async () => {
  const { waldo } = await openFake();
  const stream = waldo.tail(Cursor.tip());
  const readable = stream.toReadable();
  readable.read(0);
  await turn();
  readable.destroy();
  assert.equal((await stream.next()).done, true);
});

test("an error of the stream is the Readable's", async () => {
  const { waldo } = await openFake();
  const readable = waldo.query(Cursor.after(5)).toReadable();
  await assert.rejects(text(readable), withCode('WALDO_CURSOR'));
});

test('options of the wrong type are refused', async () => {
  const { waldo } = await openFake();
  const read = (options: unknown) => () => waldo.query(Cursor.trim()).toReadable(options as ReadableOptions);
  assert.throws(read({ delimiter: 10 }), withCode('WALDO_INVALID_ARGUMENT', /delimiter of toReadable is 10/));
  assert.throws(
    read({ objectMode: 'yes' }),
    withCode('WALDO_INVALID_ARGUMENT', /objectMode of toReadable is 'yes'/),
  );
});
