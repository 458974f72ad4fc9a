import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type Log, type WaldoError } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { stayAlive } from './support/stay-alive.js';
import { Workspace } from './support/workspace.js';

const WRITERS = 5;
const payload = (seqNo: number, writer: number) =>
  `${seqNo} ${writer} `.padEnd(100 + ((seqNo * 37) % 900), '.');

for (const direct of [false, true]) {
  test(`one tail sees what each of several writers appends, once; with O_DIRECT: ${direct}`, async (t) => {
    stayAlive(t);
    const space = new Workspace(t);
    const creator = await space.open();
    const directIo = direct && creator.metadata().directIo;
    await creator.close();
    const reader = await space.openReader({ directIo });
    const tail = reader.tail(Cursor.trim()).logs();
    let expected = 1;
    for (let writer = 1; writer <= WRITERS; writer++) {
      const waldo = await space.open();
      for (let i = 0; i < 100; i++) {
        await waldo.append([payload(expected, writer)]);
        assert.equal(reader.prevSeqNo, expected, 'what was acknowledged is seen at once');
        const { value: log } = (await tail.next()) as { value: Log };
        assert.deepEqual([log.seqNo, log.text()], [expected, payload(expected, writer)]);
        expected++;
      }
      assert.equal(reader.metadata().epoch, waldo.metadata().epoch);
      await waldo.close();
    }
  });
}

test('logs that a later writer has overwritten are trimmed, and the oldest is named', async (t) => {
  stayAlive(t);
  const space = new Workspace(t);
  const first = await space.open();
  for (let seqNo = 1; seqNo <= 200; seqNo++) first.appendSync([payload(seqNo, 1)]);
  await first.close();
  const reader = await space.openReader({ cacheBytes: 0 });
  const stale = reader.query(Cursor.trim());
  const second = await space.open();
  for (let seqNo = 201; seqNo <= 500; seqNo++) second.appendSync([payload(seqNo, 2)]);
  const oldestSeqNo = second.metadata().afterSeqNo + 1;
  await assert.rejects(stale.next(), withCode('WALDO_TRIMMED', /the oldest is/, { oldestSeqNo }));
  let expected = oldestSeqNo;
  for await (const log of reader.query(Cursor.from(oldestSeqNo)).logs()) {
    assert.equal(log.text(), payload(expected, expected <= 200 ? 1 : 2));
    expected++;
  }
  assert.equal(expected, 501);
});

test('reads that race a writer get what was written, or are told that it is trimmed', async (t) => {
  stayAlive(t);
  const space = new Workspace(t);
  const waldo = await space.open();
  for (let seqNo = 1; seqNo <= 200; seqNo++) waldo.appendSync([payload(seqNo, 1)]);
  const reader = await space.openReader({ cacheBytes: 0 });
  let trimmed = 0;
  for (let seqNo = 201; seqNo <= 500; seqNo++) {
    const from = waldo.metadata().afterSeqNo + 1;
    const reading = (async () => {
      let expected = from;
      for await (const log of reader.query(Cursor.from(from)).logs()) {
        assert.equal(log.seqNo, expected++);
        assert.equal(log.text(), payload(log.seqNo, 1));
      }
    })().catch((error: WaldoError) => {
      withCode('WALDO_TRIMMED')(error);
      trimmed++;
    });
    await waldo.append([payload(seqNo, 1)]);
    await reading;
  }
  t.diagnostic(`${trimmed} reads were lapped`);
});
