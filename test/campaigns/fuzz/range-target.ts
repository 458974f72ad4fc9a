import assert from 'node:assert/strict';
import { isRange, LogRange, RANGE_HEADER_BYTES, RangeEncoder } from '../../../src/buffer/range.js';
import { readVarint } from '../../../src/buffer/varint.js';
import { MAX_SEQ_NO } from '../../../src/log-format.js';
import { decodeRingId } from '../../../src/ring-id.js';
import type { Random } from '../../buffer/campaign/random.js';
import { accepts, OBJECT } from './expected.js';
import { putNumber, TELLING } from './mutate.js';
import type { Target } from './target.js';

const FIRST_AT = 32;
const LAST_AT = 40;
const COUNT_AT = 48;
/** As many numbers of a range are walked through. */
const MOST_WALKED = 5000;

function walk(range: LogRange): number[] {
  const walk = range.numbers();
  const numbers = [walk.seqNo];
  assert.equal(walk.prevSeqNo, range.prevSeqNo);
  for (let left = Math.min(range.logCount, MOST_WALKED) - 1; left > 0; left--) {
    const before = walk.seqNo;
    walk.next();
    assert.ok(walk.prevSeqNo === before && walk.seqNo > before && walk.seqNo <= MAX_SEQ_NO);
    numbers.push(walk.seqNo);
  }
  return numbers;
}

/** The header becomes what the runs say, but for one telling number. */
function fitted(input: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(input);
  if (bytes.length < RANGE_HEADER_BYTES) return bytes;
  let count = 1n;
  let last = bytes.readBigUInt64LE(FIRST_AT);
  for (let at = RANGE_HEADER_BYTES; at < bytes.length; ) {
    const logs = readVarint(bytes, at);
    const step = logs && readVarint(bytes, logs.end);
    if (step === undefined) break;
    count += BigInt(logs!.value);
    last += BigInt(logs!.value) * BigInt(step.value);
    at = step.end;
  }
  const rest = BigInt(random.between(0, 3));
  putNumber(bytes, 0, 8, 0x1_4f444c57n);
  putNumber(bytes, COUNT_AT, 4, count + rest);
  putNumber(bytes, LAST_AT, 8, last + rest);
  if (random.chance(0.3))
    putNumber(bytes, random.pick([24, FIRST_AT, LAST_AT, COUNT_AT]), 8, random.pick(TELLING));
  return bytes;
}

function encoded(steps: readonly number[], first: number, prev: number): Buffer {
  const encoder = new RangeEncoder(Buffer.alloc(16, 7), prev, first);
  for (const step of steps) encoder.add(encoder.lastSeqNo + step);
  return encoder.finish();
}

/** Payloads that say which logs the records of a batch are. */
export const rangeTarget: Target = {
  name: 'range',
  seeds: () => [
    encoded([], 1, 0),
    encoded([1, 1, 1], 10, 9),
    encoded([5, 5, 5, 1, 2 ** 40, 3, 3], 100, 7),
    encoded([2 ** 30, 1, 1], 2 ** 53 - 2 ** 31, 2 ** 52),
  ],
  mutate: fitted,
  async run(input) {
    isRange(input);
    await accepts(() => {
      const range = LogRange.decode(input, undefined, OBJECT);
      const numbers = walk(range);
      if (numbers.length < range.logCount) return;
      assert.equal(numbers.at(-1), range.lastSeqNo);
      const encoder = new RangeEncoder(decodeRingId(range.ringId), range.prevSeqNo, range.firstSeqNo);
      for (const number of numbers.slice(1)) encoder.add(number);
      const again = LogRange.decode(encoder.finish(), range.logCount, OBJECT);
      assert.equal(again.ringId, range.ringId);
      assert.deepEqual(walk(again), numbers);
    });
  },
};
