import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type Waldo, type WaldoReader } from '../../src/index.js';
import { seqNosOf, withCode } from '../support/rings.js';
import { SMALL, Workspace } from './support/workspace.js';

async function wrappedRing(space: Workspace): Promise<Waldo> {
  const waldo = await space.open({ ...SMALL, cacheBytes: 0 });
  for (let i = 0; i < 300; i++) waldo.appendSync(['x'.repeat(1000)]);
  return waldo;
}

async function check(ring: Waldo | WaldoReader): Promise<void> {
  const { afterSeqNo, prevSeqNo } = ring.metadata();
  assert(afterSeqNo > 0);
  const oldestSeqNo = afterSeqNo + 1;
  for (const cursor of [
    Cursor.after(0),
    Cursor.from(1),
    Cursor.after(afterSeqNo - 1),
    Cursor.from(afterSeqNo),
  ]) {
    const trimmed = withCode('WALDO_TRIMMED', new RegExp(`oldest .*${oldestSeqNo}`), { oldestSeqNo });
    await assert.rejects(ring.query(cursor).next(), trimmed);
    await assert.rejects(ring.tail(cursor).next(), trimmed);
  }
  for (const cursor of [
    Cursor.after(prevSeqNo! + 1),
    Cursor.from(prevSeqNo! + 2),
    Cursor.after(2 ** 53 - 1),
  ]) {
    const beyond = withCode('WALDO_CURSOR', new RegExp(`${cursor.seqNo}.*beyond.*${prevSeqNo}`));
    await assert.rejects(ring.query(cursor).next(), beyond);
    await assert.rejects(ring.tail(cursor).next(), beyond);
  }
  for (const cursor of [Cursor.after(afterSeqNo), Cursor.from(oldestSeqNo), Cursor.trim()]) {
    const seqNos = await seqNosOf(ring.query(cursor));
    assert.deepEqual([seqNos[0], seqNos.at(-1)], [oldestSeqNo, prevSeqNo]);
  }
  for (const cursor of [Cursor.after(prevSeqNo!), Cursor.from(prevSeqNo! + 1), Cursor.tip()]) {
    assert.deepEqual(await seqNosOf(ring.query(cursor)), []);
  }
  assert.deepEqual(await seqNosOf(ring.query(Cursor.from(prevSeqNo!))), [prevSeqNo]);
}

test('before the trim point: the oldest log there is; beyond the tip: the tip', async (t) => {
  const space = new Workspace(t);
  const waldo = await wrappedRing(space);
  await check(waldo);
  await waldo.close();
  await check(await space.openReader());
});

test('in an empty ring there is nothing to be after', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  for (const cursor of [Cursor.trim(), Cursor.tip(), Cursor.after(0), Cursor.from(0), Cursor.from(1)]) {
    assert.deepEqual(await seqNosOf(waldo.query(cursor)), []);
  }
  await assert.rejects(
    waldo.query(Cursor.after(1)).next(),
    withCode('WALDO_CURSOR', /after\(1\).*ring is empty/),
  );
});

test('in a ring whose numbers have gaps, a cursor between two logs stands for the next one', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, cacheBytes: 0 });
  await waldo.append([{ seqNo: 1000, prevSeqNo: 500, data: 'a' }]);
  await waldo.append([{ seqNo: 2 ** 40, prevSeqNo: 1000, data: 'b' }]);
  await waldo.append([{ seqNo: 2 ** 53 - 1, prevSeqNo: 2 ** 40, data: 'c' }]);
  await waldo.close();
  const again = await space.open({});
  assert.deepEqual([again.metadata().afterSeqNo, again.prevSeqNo], [500, 2 ** 53 - 1]);
  for (const [cursor, expected] of [
    [Cursor.after(500), [1000, 2 ** 40, 2 ** 53 - 1]],
    [Cursor.after(999), [1000, 2 ** 40, 2 ** 53 - 1]],
    [Cursor.after(1000), [2 ** 40, 2 ** 53 - 1]],
    [Cursor.from(2 ** 40), [2 ** 40, 2 ** 53 - 1]],
    [Cursor.after(2 ** 40), [2 ** 53 - 1]],
  ] as const) {
    assert.deepEqual(await seqNosOf(again.query(cursor)), expected, String(cursor));
  }
  await assert.rejects(again.query(Cursor.after(0)).next(), withCode('WALDO_TRIMMED'));
  await assert.rejects(again.append(['one more']), withCode('WALDO_EXCEEDS_LIMIT', /9007199254740991/));
});
