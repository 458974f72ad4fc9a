import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type Waldo, type WaldoError } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { SMALL, Workspace } from './support/workspace.js';

const payload = (seqNo: number) => `${seqNo}`.padEnd(300 + (seqNo % 700), '.');

async function append(waldo: Waldo, count: number): Promise<void> {
  const { prevSeqNo = 0 } = waldo;
  for (let i = 1; i <= count; i++) await waldo.append([payload(prevSeqNo + i)]);
}

test('a stream that was passed by the ring rejects with the oldest log there is, and is over', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, cacheBytes: 0 });
  await append(waldo, 10);
  const tail = waldo.tail(Cursor.trim());
  const query = waldo.query(Cursor.trim());
  assert.equal((await tail.next()).value!.firstSeqNo, 1);
  await append(waldo, 500);
  const oldestSeqNo = waldo.metadata().afterSeqNo + 1;
  for (const stream of [tail, query]) {
    const trimmed = withCode('WALDO_TRIMMED', new RegExp(`oldest is ${oldestSeqNo}`), { oldestSeqNo });
    await assert.rejects(stream.next(), trimmed);
    assert.equal((await stream.next()).done, true);
  }
  const { value: logs } = await waldo.query(Cursor.from(oldestSeqNo)).next();
  assert.equal(logs!.firstSeqNo, oldestSeqNo);
});

/** Reads until it has seen the last log; counts how often it was lapped. */
async function follow(waldo: Waldo, last: () => number | undefined): Promise<number> {
  let laps = 0;
  let cursor = Cursor.trim();
  for (;;) {
    let expected: number | undefined;
    try {
      for await (const log of waldo.tail(cursor).logs()) {
        if (expected !== undefined) assert.deepEqual([log.seqNo, log.prevSeqNo], [expected + 1, expected]);
        assert.equal(log.text(), payload(log.seqNo));
        expected = log.seqNo;
        if (expected === last()) return laps;
      }
    } catch (error) {
      withCode('WALDO_TRIMMED')(error as WaldoError);
      const { oldestSeqNo } = error as WaldoError;
      assert(oldestSeqNo! > (expected ?? 0) + 1, 'only what was overwritten is refused');
      cursor = Cursor.from(oldestSeqNo!);
      laps++;
    }
  }
}

test('readers from disk that race a fast writer never see anything else, and arrive', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, ringSize: 2, cacheBytes: 0, fileODsync: false });
  await append(waldo, 1);
  let last: number | undefined;
  const readers = Array.from({ length: 30 }, () => follow(waldo, () => last));
  for (let round = 0; round < 250; round++) {
    const { prevSeqNo } = waldo;
    await Promise.all(Array.from({ length: 20 }, (_, i) => waldo.append([payload(prevSeqNo! + 1 + i)])));
    // Now and then the ring goes round while no reader has a turn.
    for (let i = 1; round % 10 === 0 && i <= 300; i++) waldo.appendSync([payload(prevSeqNo! + 20 + i)]);
  }
  last = waldo.prevSeqNo! + 1;
  await append(waldo, 1);
  const laps = await Promise.all(readers);
  assert(
    laps.some((count) => count > 0),
    'somebody was lapped',
  );
});
