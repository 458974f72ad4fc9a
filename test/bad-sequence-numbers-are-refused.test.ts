import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SequenceError } from '../src/index.js';
import { openFake, withCode } from './support/rings.js';

const TOO_LARGE = Number.MAX_SAFE_INTEGER + 1;

const refused: [what: string, seqNo: number, prevSeqNo: number, message: RegExp][] = [
  ['equal to its predecessor', 2, 2, /seqNo 2 is not greater than prevSeqNo 2/],
  ['lower than its predecessor', 1, 2, /seqNo 1 is not greater than prevSeqNo 2/],
  ['zero', 0, 2, /seqNo 0 is not an integer from 1/],
  ['negative', -1, 2, /seqNo -1 is not an integer from 1/],
  ['fractional', 3.5, 2, /seqNo 3.5 is not an integer/],
  ['NaN', Number.NaN, 2, /seqNo NaN is not an integer/],
  ['infinite', Number.POSITIVE_INFINITY, 2, /seqNo Infinity is not an integer/],
  ['past 2^53−1', TOO_LARGE, 2, /seqNo 9007199254740992 is not an integer from 1 to 9007199254740991/],
];

for (const [what, seqNo, prevSeqNo, message] of refused) {
  test(`a seqNo that is ${what} is refused`, async () => {
    const { waldo } = await openFake();
    await waldo.append(['one', 'two']);
    await assert.rejects(waldo.append([{ seqNo, prevSeqNo, data: 'x' }]), (error) => {
      assert(error instanceof SequenceError);
      return withCode('WALDO_SEQUENCE', message, { seqNo, prevSeqNo })(error);
    });
    assert.equal(await waldo.append(['three']), 3);
  });
}

for (const prevSeqNo of [-1, 1.5, Number.NaN, TOO_LARGE]) {
  test(`a prevSeqNo of ${prevSeqNo} is refused`, async () => {
    const { waldo } = await openFake();
    const message = /prevSeqNo .* is not an integer from 0 to 9007199254740991/;
    await assert.rejects(
      waldo.append([{ seqNo: 3, prevSeqNo, data: 'x' }]),
      withCode('WALDO_SEQUENCE', message, { prevSeqNo }),
    );
  });
}

test('a chain that is broken inside a batch is refused as a whole', async () => {
  const { waldo, fake } = await openFake();
  const logs = [
    { seqNo: 1, prevSeqNo: 0, data: 'a' },
    { seqNo: 2, prevSeqNo: 1, data: 'b' },
    { seqNo: 4, prevSeqNo: 3, data: 'c' },
  ];
  const message = /log 2 has prevSeqNo 3, but log 1 of the same batch has seqNo 2/;
  await assert.rejects(
    waldo.append(logs),
    withCode('WALDO_SEQUENCE', message, { seqNo: 4, prevSeqNo: 3, expectedPrevSeqNo: 2 }),
  );
  await waldo.close();
  assert.equal(fake.logs.length, 0);
});
