import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LogRange, RANGE_HEADER_BYTES, RangeEncoder } from '../../src/buffer/range.js';
import { newRingId } from '../../src/ring-id.js';
import { range } from '../support/rings.js';

const ringId = newRingId();

function encode(prevSeqNo: number, seqNos: readonly number[]): Buffer {
  const encoder = new RangeEncoder(ringId, prevSeqNo, seqNos[0]!);
  for (const seqNo of seqNos.slice(1)) encoder.add(seqNo);
  const { byteLength } = encoder;
  const payload = encoder.finish();
  assert(payload.length >= byteLength && payload.length <= byteLength + 16);
  return payload;
}

function numbersOf(payload: Buffer, count: number): [seqNo: number, prevSeqNo: number][] {
  const walk = LogRange.decode(payload, count, 'manifest').numbers();
  return Array.from({ length: count }, (_, i) => {
    if (i > 0) walk.next();
    return [walk.seqNo, walk.prevSeqNo];
  });
}

test('numbers with gaps of any kind come back', () => {
  const steps = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 5 }), fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 45 }))),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.integer({ min: 1, max: 1000 }), steps, (prevSeqNo, first, runs) => {
      const seqNos = [prevSeqNo + first];
      for (const [logs, step] of runs) {
        for (let i = 0; i < logs; i++) seqNos.push(seqNos.at(-1)! + step);
      }
      const expected = seqNos.map((seqNo, i) => [seqNo, i === 0 ? prevSeqNo : seqNos[i - 1]]);
      assert.deepEqual(numbersOf(encode(prevSeqNo, seqNos), seqNos.length), expected);
    }),
  );
});

test('consecutive numbers take no space, nor do those that step evenly', () => {
  assert.equal(encode(7, range(8, 100_000)).length, RANGE_HEADER_BYTES);
  const tens = range(1, 10_000).map((i) => i * 10);
  assert.equal(encode(0, tens).length, RANGE_HEADER_BYTES + 3);
});

test('numbers reach to 2^53−1', () => {
  const last = Number.MAX_SAFE_INTEGER;
  assert.deepEqual(numbersOf(encode(last - 3, [last - 2, last]), 2), [
    [last - 2, last - 3],
    [last, last - 2],
  ]);
  assert.deepEqual(numbersOf(encode(0, [1, last]), 2), [
    [1, 0],
    [last, 1],
  ]);
});

test('a range tells what it is of', () => {
  const {
    prevSeqNo,
    firstSeqNo,
    lastSeqNo,
    logCount,
    ringId: id,
  } = LogRange.decode(encode(3, [5, 6, 9]), 3, 'm');
  assert.deepEqual(
    { prevSeqNo, firstSeqNo, lastSeqNo, logCount },
    {
      prevSeqNo: 3,
      firstSeqNo: 5,
      lastSeqNo: 9,
      logCount: 3,
    },
  );
  assert.match(id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
});
