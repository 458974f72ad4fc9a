import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import type { LogBatch } from '../src/index.js';
import { openFake, withCode } from './support/rings.js';

const refused: [what: string, logs: unknown, message: RegExp][] = [
  ['a string for a batch', 'abc', /received 'abc': wrap a single payload in brackets/],
  ['bytes for a batch', Buffer.from('abc'), /received a Uint8Array: wrap a single payload in brackets/],
  ['nothing', undefined, /received undefined/],
  ['null', null, /received null/],
  ['a number', 5, /received 5/],
  ['an object', {}, /received an Object/],
  [
    'an ArrayBuffer',
    ['a', 'b', 'c', new ArrayBuffer(4)],
    /log 3 is an ArrayBuffer; expected a string or a Uint8Array/,
  ],
  [
    'a DataView',
    [new DataView(new ArrayBuffer(4))],
    /log 0 is a DataView; expected a string or a Uint8Array/,
  ],
  ['another typed array', [new Uint16Array(4)], /log 0 is a Uint16Array/],
  ['a number among payloads', ['a', 7], /log 1 is 7/],
  ['a hole', new Array(2), /log 0 is undefined/],
  ['null among payloads', [null], /log 0 is null/],
  ['an object that is no log', [{ seq: 1 }], /log 0 is an Object/],
  [
    'an explicit log among payloads',
    ['a', { seqNo: 2, prevSeqNo: 1, data: 'b' }],
    /log 1 has sequence numbers, unlike log 0/,
  ],
  [
    'a payload among explicit logs',
    [{ seqNo: 1, prevSeqNo: 0, data: 'a' }, 'b'],
    /log 1 has no sequence numbers, unlike log 0/,
  ],
  ['an explicit log without data', [{ seqNo: 1, prevSeqNo: 0 }], /log 0 is undefined; expected a string/],
  ['an explicit log without numbers', [{ data: 'a' }], /seqNo of log 0 is undefined; expected a number/],
  ['a bigint', [{ seqNo: 1n, prevSeqNo: 0, data: 'a' }], /seqNo of log 0 is 1n; expected a number/],
  [
    'a string for a number',
    [{ seqNo: 1, prevSeqNo: '0', data: 'a' }],
    /prevSeqNo of log 0 is '0'; expected a number/,
  ],
];

for (const [what, logs, message] of refused) {
  test(`${what} is refused, and nothing is appended`, async () => {
    const { waldo, fake } = await openFake();
    const check = withCode('WALDO_INVALID_ARGUMENT', message);
    await assert.rejects(waldo.append(logs as LogBatch), check);
    assert.throws(() => waldo.appendSync(logs as LogBatch), check);
    assert.equal(await waldo.append(['fine']), 1);
    assert.deepEqual(fake.texts, ['fine']);
  });
}

test('a detached array is refused', async () => {
  const { waldo } = await openFake();
  const bytes = new Uint8Array(8);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  const check = withCode(
    'WALDO_INVALID_ARGUMENT',
    /log 1 is a Uint8Array whose memory was detached or resized/,
  );
  await assert.rejects(waldo.append(['a', bytes]), check);
});

test('an array that its memory has shrunk away from is refused', async () => {
  const { waldo } = await openFake();
  const memory = new (ArrayBuffer as new (length: number, options: object) => ArrayBuffer)(8, {
    maxByteLength: 8,
  });
  const bytes = new Uint8Array(memory, 4, 4);
  (memory as ArrayBuffer & { resize(length: number): void }).resize(2);
  await assert.rejects(waldo.append([bytes]), withCode('WALDO_INVALID_ARGUMENT', /detached or resized/));
});

test('arrays of another realm are accepted', async () => {
  const { waldo, fake } = await openFake();
  const logs = runInNewContext("[new Uint8Array([97, 98]), 'c']") as LogBatch;
  await waldo.append(logs);
  assert.deepEqual(fake.texts, ['ab', 'c']);
});

test('a log of exactly the limit is accepted, a longer one refused', async () => {
  const { waldo, fake } = await openFake();
  const limit = waldo.metadata().maxLogBytes;
  assert.equal(limit, 1024 * 1024);
  await waldo.append([Buffer.alloc(limit)]);
  await waldo.append(['x'.repeat(limit)]);
  await waldo.append(['é'.repeat(limit / 2)]);
  assert.equal(fake.logs.length, 3);
  const check = withCode('WALDO_EXCEEDS_LIMIT', /log 1 has 1048577 bytes; at most 1048576 are accepted/);
  await assert.rejects(waldo.append(['a', Buffer.alloc(limit + 1)]), check);
  await assert.rejects(waldo.append(['a', 'x'.repeat(limit + 1)]), check);
  await assert.rejects(waldo.append(['a', `${'é'.repeat(limit / 2)}x`]), check);
  await waldo.close();
  assert.equal(fake.logs.length, 3);
});

test('a log longer than a small slab is refused', async () => {
  const { waldo } = await openFake({ bufCapacity: 4096 });
  const limit = waldo.metadata().maxLogBytes;
  await waldo.append([Buffer.alloc(limit), 'x'.repeat(limit)]);
  await assert.rejects(waldo.append([Buffer.alloc(limit + 1)]), withCode('WALDO_EXCEEDS_LIMIT'));
});

test('a signal that is none is refused', async () => {
  const { waldo } = await openFake();
  const signal = {} as AbortSignal;
  await assert.rejects(
    waldo.append(['a'], { signal }),
    withCode('WALDO_INVALID_ARGUMENT', /signal of append is not an AbortSignal/),
  );
});
