import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type WaldoError } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { Workspace } from './support/workspace.js';

const payload = (seqNo: number, writer: number) =>
  `${seqNo} ${writer} `.padEnd(100 + ((seqNo * 37) % 900), '.');

test('once a writer has opened the ring, a reader gets the logs there were, or an error', async (t) => {
  const space = new Workspace(t);
  const first = await space.open();
  for (let seqNo = 1; seqNo <= 200; seqNo++) first.appendSync([payload(seqNo, 1)]);
  const { afterSeqNo } = first.metadata();
  await first.close();
  const reader = await space.openReader({ cacheBytes: 0 });
  const second = await space.open();
  let trimmed = 0;
  for (let seqNo = 201; seqNo <= 500; seqNo++) {
    second.appendSync([payload(seqNo, 2)]);
    const from = afterSeqNo + 1 + ((seqNo * 31) % (200 - afterSeqNo));
    try {
      let expected = from;
      for await (const log of reader.query(Cursor.from(from)).logs()) {
        assert.equal(log.seqNo, expected++);
        assert.equal(log.text(), payload(log.seqNo, 1));
      }
      assert.equal(expected, 201);
    } catch (error) {
      withCode('WALDO_TRIMMED', /trimmed by a writer/)(error as WaldoError);
      trimmed++;
    }
  }
  assert(trimmed > 0 && trimmed < 300, `${trimmed}`);
  assert.equal(reader.prevSeqNo, 200);
});
