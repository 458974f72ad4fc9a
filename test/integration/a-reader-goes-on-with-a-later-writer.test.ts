import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type WaldoError } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { Workspace } from './support/workspace.js';

const payload = (seqNo: number, writer: number) =>
  `${seqNo} ${writer} `.padEnd(100 + ((seqNo * 37) % 900), '.');

test('a reader that was there before its writer sees all that it writes, or is told what is gone', async (t) => {
  const space = new Workspace(t);
  const first = await space.open();
  for (let seqNo = 1; seqNo <= 200; seqNo++) first.appendSync([payload(seqNo, 1)]);
  await first.close();
  const reader = await space.openReader({ cacheBytes: 0 });
  const second = await space.open();
  let trimmed = 0;
  for (let seqNo = 201; seqNo <= 500; seqNo++) {
    second.appendSync([payload(seqNo, 2)]);
    const from = 1 + ((seqNo * 31) % seqNo);
    let expected = from;
    try {
      for await (const log of reader.query(Cursor.from(from)).logs()) {
        assert.equal(log.seqNo, expected++);
        assert.equal(log.text(), payload(log.seqNo, log.seqNo <= 200 ? 1 : 2));
      }
    } catch (error) {
      const { code } = error as WaldoError;
      // The follower is a thread: it may be a little behind.
      if (code === 'WALDO_CURSOR') continue;
      withCode('WALDO_TRIMMED')(error as WaldoError);
      assert((error as WaldoError).oldestSeqNo! > from);
      trimmed++;
    }
  }
  assert(trimmed > 0 && trimmed < 300, `${trimmed} were trimmed`);
  for await (const logs of reader.tail(Cursor.trim())) if (logs.lastSeqNo === 500) break;
  assert.equal(reader.prevSeqNo, 500);
});
