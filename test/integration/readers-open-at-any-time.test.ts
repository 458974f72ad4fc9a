import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type WaldoError, type WaldoReader } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { stayAlive } from './support/stay-alive.js';
import { SMALL, Workspace } from './support/workspace.js';

test('on an empty ring, and sees the first logs, whatever they follow', async (t) => {
  for (const first of [1, 43]) {
    stayAlive(t);
    const space = new Workspace(t);
    const waldo = await space.open();
    const reader = await space.openReader();
    assert.deepEqual([reader.prevSeqNo, reader.metadata().logCount], [undefined, 0]);
    const tails = [Cursor.trim(), Cursor.tip(), Cursor.after(0)].map((cursor) => reader.tail(cursor));
    const nexts = tails.map((tail) => tail.next());
    await waldo.append([{ seqNo: first, prevSeqNo: first - 1, data: 'first' }]);
    for (const next of nexts) assert.equal((await next).value!.firstSeqNo, first);
    assert.equal(reader.prevSeqNo, first);
  }
});

test('on an empty ring that wraps before it is looked at: what is gone is trimmed', async (t) => {
  stayAlive(t);
  const space = new Workspace(t);
  await (await space.open()).close();
  const reader = await space.openReader();
  const tail = reader.tail(Cursor.trim());
  const waldo = await space.open();
  for (let i = 0; i < 600; i++) waldo.appendSync(['x'.repeat(500)]);
  const oldestSeqNo = waldo.metadata().afterSeqNo + 1;
  await assert.rejects(tail.next(), withCode('WALDO_TRIMMED', /./, { oldestSeqNo }));
});

test('while writers come and go', async (t) => {
  stayAlive(t);
  const space = new Workspace(t);
  await (await space.open()).close();
  let ended = false;
  let acknowledged = 0;
  const opening = async (): Promise<number> => {
    let count = 0;
    while (!ended) {
      const known = acknowledged;
      const reader: WaldoReader = await space.openReader({ cacheBytes: 0 });
      assert((reader.prevSeqNo ?? 0) >= known, `${reader.prevSeqNo} is seen, ${known} is durable`);
      for await (const log of reader.query(Cursor.trim()).logs())
        assert.equal(log.text(), `log ${log.seqNo}`);
      await reader.close();
      count++;
    }
    return count;
  };
  const openings = [opening(), opening()];
  for (let life = 0; life < 20; life++) {
    const waldo = await space.open();
    for (let i = 0; i < 10; i++) acknowledged = await waldo.append([`log ${acknowledged + 1}`]);
    await waldo.close();
  }
  ended = true;
  for (const count of await Promise.all(openings)) assert(count > 0);
});

test('while the ring is created', async (t) => {
  stayAlive(t);
  const space = new Workspace(t);
  const opening = (async () => {
    for (;;) {
      try {
        return await space.openReader();
      } catch (error) {
        withCode('WALDO_NOT_FOUND')(error as WaldoError);
      }
    }
  })();
  const waldo = await space.open(SMALL);
  await waldo.append(['a']);
  const reader = await opening;
  assert.equal((await reader.tail(Cursor.trim()).next()).value!.firstSeqNo, 1);
});
