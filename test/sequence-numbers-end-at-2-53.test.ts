import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { openFake, openManual, seqNosOf, withCode } from './support/rings.js';

const MAX = Number.MAX_SAFE_INTEGER;

for (const start of [2 ** 32 - 2, 2 ** 33 - 2, MAX - 5]) {
  test(`numbers are kept exactly around ${start}`, async () => {
    const { waldo } = await openFake();
    await waldo.append([{ seqNo: start, prevSeqNo: start - 1, data: 'first' }]);
    assert.equal(await waldo.append(['a', 'b', 'c', 'd']), start + 4);
    const expected = [start, start + 1, start + 2, start + 3, start + 4];
    assert.deepEqual(await seqNosOf(waldo.query(Cursor.trim())), expected);
    assert.deepEqual(await seqNosOf(waldo.query(Cursor.after(start + 1))), expected.slice(2));
    const [logs] = [(await waldo.query(Cursor.trim()).next()).value!];
    assert.equal(logs.at(0)!.prevSeqNo, start - 1);
  });
}

test('the last number can be used, then the ring is at its end', async () => {
  const { waldo } = await openFake();
  await waldo.append([{ seqNo: MAX - 2, prevSeqNo: 7, data: 'x' }]);
  const check = withCode('WALDO_EXCEEDS_LIMIT', /sequence numbers end at 9007199254740991/);
  await assert.rejects(waldo.append(['a', 'b', 'c']), check);
  assert.equal(await waldo.append(['a', 'b']), MAX);
  await assert.rejects(waldo.append(['c']), check);
  assert.throws(() => waldo.appendSync(['c']), check);
  assert.equal(await waldo.append([]), MAX);
});

test('appends that wait for room count', async () => {
  const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 2, queueDepth: 1 });
  const first = waldo.append([{ seqNo: MAX - 2, prevSeqNo: 1, data: Buffer.alloc(3000) }]);
  const second = waldo.append([Buffer.alloc(3000)]);
  const third = waldo.append([Buffer.alloc(3000)]);
  await assert.rejects(waldo.append(['x']), withCode('WALDO_EXCEEDS_LIMIT'));
  while (fake.logs.length < 3) await fake.commit();
  assert.deepEqual(await Promise.all([first, second, third]), [MAX - 2, MAX - 1, MAX]);
});
