import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cursor } from '../../src/index.js';
import { seqNosOf, withCode } from '../support/rings.js';
import { fill, LOG } from './support/held.js';
import { SMALL, Workspace } from './support/workspace.js';

for (const whenFull of ['reject', 'wait'] as const) {
  test(`${whenFull}: a cursor that a reader has made holds pages, and frees them as it moves`, async (t) => {
    const space = new Workspace(t);
    const waldo = await space.open({ ...SMALL, whenFull });
    await waldo.append(LOG);
    const reader = await space.openReader();
    const cursor = await reader.durableCursor('beside', { hold: true });
    assert.equal(await fill(waldo), 191);
    await assert.rejects(
      waldo.append(LOG, { timeout: 5 }),
      withCode('WALDO_FULL', /cursor beside holds/, { cursor: 'beside', lag: 192 }),
    );
    for await (const logs of cursor.tail()) {
      await cursor.commit(logs.lastSeqNo);
      if (logs.lastSeqNo === 192) break;
    }
    await sleep(20); // What other processes do to cursors is seen within 5 ms.
    // All but the page that has its next log.
    assert((await fill(waldo)) >= 128);
    await cursor.delete();
    await sleep(20);
    for (let i = 0; i < 300; i++) await waldo.append(LOG, { timeout: 5000 });
  });
}

test('a cursor that is made while the ring turns holds what it starts with, or is refused', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, whenFull: 'wait' });
  await waldo.append(LOG);
  const reader = await space.openReader();
  let stop = false;
  const writing = (async () => {
    while (!stop) await waldo.append(LOG, { timeout: 5000 });
  })();
  let refused = 0;
  for (let i = 0; i < 60; i++) {
    try {
      await using cursor = await reader.durableCursor('a', { hold: true, start: Cursor.trim() });
      const seqNos = await seqNosOf(cursor.query());
      assert.equal(seqNos[0], cursor.position + 1);
      assert.equal(seqNos.length, seqNos.at(-1)! - cursor.position);
      await cursor.delete();
    } catch (error) {
      withCode('WALDO_TRIMMED')(error as never);
      refused++;
      await reader.deleteCursor('a').catch(withCode('WALDO_NOT_FOUND'));
    }
  }
  stop = true;
  await writing;
  t.diagnostic(`${refused} of 60 were refused`);
  assert(waldo.prevSeqNo! > 192);
});
