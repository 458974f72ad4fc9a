import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isRange, LogRange, RANGE_HEADER_BYTES, RangeEncoder } from '../../src/buffer/range.js';
import { WaldoError } from '../../src/index.js';
import { newRingId } from '../../src/ring-id.js';
import { withCode } from '../support/rings.js';

/** Logs 4, 5, 15, 25, 26, 27 after 2. */
function payloadOf(): Buffer {
  const encoder = new RangeEncoder(newRingId(), 2, 4);
  for (const seqNo of [5, 15, 25, 26, 27]) encoder.add(seqNo);
  return encoder.finish();
}

function damaged(damage: (payload: Buffer) => Buffer | undefined): Buffer {
  const payload = payloadOf();
  return damage(payload) ?? payload;
}

const runs =
  (...bytes: number[]) =>
  (payload: Buffer) =>
    Buffer.concat([payload.subarray(0, RANGE_HEADER_BYTES), Buffer.from(bytes)]);
const u64 = (offset: number, value: bigint) => (payload: Buffer) => {
  payload.writeBigUInt64LE(value, offset);
  return undefined;
};

const cases: [string, (payload: Buffer) => Buffer | undefined, RegExp, number][] = [
  ['is cut off', (payload) => payload.subarray(0, 51), /less than 52 bytes/, 51],
  ['is cut off within its version', (payload) => payload.subarray(0, 5), /ends within its version/, 5],
  ['has reserved bytes set', (payload) => void payload.writeUInt16LE(1, 6), /reserved/, 6],
  ['has numbers beyond 2^53', u64(40, 2n ** 53n), /9007199254740992 is no sequence number/, 40],
  ['has numbers of 2^64−1', u64(24, 2n ** 64n - 1n), /is no sequence number/, 24],
  ['starts before what it follows', u64(24, 4n), /log 4 cannot follow 4/, 32],
  ['claims more logs', (payload) => void payload.writeUInt32LE(2 ** 32 - 1, 48), /4294967295 logs/, 48],
  ['claims no logs', (payload) => void payload.writeUInt32LE(0, 48), /of 0 logs/, 48],
  ['ends elsewhere', u64(40, 28n), /runs end at 27/, 40],
  ['has a run that is cut off', runs(1), /cut off/, 52],
  ['has a run without end', runs(1, 1, ...Array(9).fill(0xff)), /cut off or too long/, 54],
  ['has a run beyond 2^53', runs(1, ...Array(7).fill(0xff), 0x7f), /cut off or too long/, 52],
  ['has an empty run', runs(0, 1), /run of nothing/, 52],
  ['has a run that does not move', runs(1, 0), /run of nothing/, 52],
  ['has a run of too many logs', runs(6, 1), /a run of 6 logs, of which 5 are left/, 52],
  ['has numbers that run beyond 2^53', runs(2, ...Array(7).fill(0xff), 0x0f), /beyond 9007199254740991/, 52],
  ['is something else', () => Buffer.from('hello'), /"WLDO"/, 0],
  ['is empty', () => Buffer.alloc(0), /"WLDO"/, 0],
];

for (const [what, damage, message, offset] of cases) {
  test(`a range that ${what} is refused`, () => {
    assert.throws(
      () => LogRange.decode(damaged(damage), 6, 'file:///store/m'),
      withCode('WALDO_CORRUPT', message, { object: 'file:///store/m', offset }),
    );
  });
}

test('a range of another number of logs than the batch has records is refused', () => {
  for (const records of [0, 5, 7]) {
    assert.throws(
      () => LogRange.decode(payloadOf(), records, 'm'),
      withCode('WALDO_CORRUPT', new RegExp(`6 logs, and the batch has ${records} records`), { offset: 48 }),
    );
  }
});

test('a range of a later version is told from a damaged one', () => {
  const later = damaged((payload) => void payload.writeUInt16LE(2, 4));
  assert.equal(isRange(later), true);
  assert.throws(
    () => LogRange.decode(later, 6, 'm'),
    withCode('WALDO_VERSION', /has version 2 of the range format; version 1 is supported/),
  );
});

test('whatever the bytes are, the answer is a range that holds together or a typed error', () => {
  const bytes = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 12 }));
  fc.assert(
    fc.property(bytes, fc.array(fc.tuple(fc.nat(80), fc.nat(255))), ([tail, count], flips) => {
      const payload = Buffer.concat([payloadOf(), tail]);
      for (const [at, value] of flips) if (at < payload.length) payload[at] = value;
      try {
        const range = LogRange.decode(payload, count, 'm');
        const walk = range.numbers();
        for (let i = 1; i < count; i++) {
          walk.next();
          assert(walk.seqNo > walk.prevSeqNo);
        }
        assert.equal(walk.seqNo, range.lastSeqNo);
      } catch (error) {
        if (!(error instanceof WaldoError)) throw error;
        assert.match(error.code, /^WALDO_(CORRUPT|VERSION)$/);
      }
    }),
    { numRuns: 2000 },
  );
});
