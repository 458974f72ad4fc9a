import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packRecords } from '../src/binding.js';
import { Cursor } from '../src/index.js';
import { openFake } from './support/rings.js';

test('the logs of a chunk, or some of them, are copied as records', async () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(payloads, fc.nat(), fc.nat(), fc.nat(9), async (data, a, b, at) => {
      const [first, last] = [a % data.length, b % data.length].sort((x, y) => x - y) as [number, number];
      const { waldo } = await openFake();
      await waldo.append(data);
      const logs = (await waldo.query(Cursor.trim()).next()).value!;
      const places: [number, number][] = [];
      logs.scan((_, _buffer, start, end) => void places.push([start, end]));
      const expected = Buffer.concat(
        data.slice(first, last + 1).flatMap((bytes) => [u32(bytes.length), bytes]),
      );
      const target = Buffer.alloc(at + expected.length + 3);
      const end = logs.copyRecords(places[first]![0], places[last]![1], target, at);
      assert.equal(end, at + expected.length);
      assert.deepEqual(target, Buffer.concat([Buffer.alloc(at), expected, Buffer.alloc(3)]));
    }),
  );
});

test('what is no log, or does not fit, is refused, and nothing outside is touched', () => {
  const source = Buffer.alloc(64);
  source.writeUInt32LE(8, 16);
  const target = Buffer.alloc(20);
  assert.equal(packRecords(source, 0, 32, target, 8), 20);
  const bad: [number, number, Uint8Array, number, RegExp][] = [
    [-1, 32, target, 0, /start must be an integer from 0 to 64; received -1/],
    [0.5, 32, target, 0, /start must be an integer/],
    [Number.NaN, 32, target, 0, /start must be an integer/],
    [40, 32, target, 0, /end must be an integer from 40 to 64; received 32/],
    [0, 65, target, 0, /end must be an integer from 0 to 64; received 65/],
    [0, 32, target, 21, /at must be an integer from 0 to 20; received 21/],
    [0, 32, target, 9, /do not fit into 11 bytes/],
    [0, 32, target, 18, /do not fit into 2 bytes/],
    [0, 31, target, 0, /no whole logs from byte 0 to 31/],
    [0, 23, target, 0, /no whole logs from byte 0 to 23/],
  ];
  for (const [start, end, to, at, message] of bad) {
    assert.throws(() => packRecords(source, start, end, to, at), { name: 'RangeError', message });
  }
  source.writeUInt32LE(0xffff_ffff, 16);
  assert.throws(() => packRecords(source, 0, 64, target, 0), /no whole logs/);
  for (const wrong of [undefined, 'text', new Uint16Array(8), new DataView(new ArrayBuffer(8))]) {
    assert.throws(() => packRecords(wrong as never, 0, 0, target, 0), TypeError);
    assert.throws(() => packRecords(source, 0, 0, wrong as never, 0), TypeError);
    assert.throws(() => packRecords(source, wrong as never, 0, target, 0), TypeError);
  }
});

test('memory that was taken away is refused', () => {
  const source = new Uint8Array(64);
  structuredClone(source, { transfer: [source.buffer] });
  assert.throws(() => packRecords(source, 0, 24, Buffer.alloc(8), 0), { name: 'RangeError' });
  assert.throws(() => packRecords(Buffer.alloc(24), 0, 24, source, 0), { name: 'RangeError' });
});

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
