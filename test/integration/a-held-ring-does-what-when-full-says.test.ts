import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Cursor } from '../../src/index.js';
import { seqNosOf, withCode } from '../support/rings.js';
import { fill, LOG } from './support/held.js';
import { SMALL, Workspace } from './support/workspace.js';

for (const whenFull of ['reject', 'wait'] as const) {
  test(`${whenFull}: nothing that a cursor holds is overwritten, to the last page`, async (t) => {
    const space = new Workspace(t);
    const waldo = await space.open({ ...SMALL, whenFull });
    const cursor = await waldo.durableCursor('slow', { hold: true });
    const appended = await fill(waldo);
    // Three pages of 64 KiB, in which a commit of one log takes 1 KiB.
    assert.equal(appended, 192);
    const seqNos = await seqNosOf(cursor.query());
    assert.deepEqual([seqNos.length, seqNos[0]], [192, 1]);
    // The pages behind it are free once it has passed all of the oldest one, and not before.
    await cursor.commit(63);
    assert.equal(await fill(waldo), 0);
    await cursor.commit(64);
    assert.equal(await fill(waldo), 64);
    await cursor.delete();
    for (let i = 0; i < 500; i++) await waldo.append(LOG);
  });

  test(`${whenFull}: a held ring is held when it is opened again, until the cursor is deleted`, async (t) => {
    const space = new Workspace(t);
    const first = await space.open({ ...SMALL, whenFull });
    await first.durableCursor('gone', { hold: true });
    await fill(first);
    await first.close();
    const again = await space.open({ ...SMALL, whenFull });
    assert.equal(await fill(again), 0);
    assert.deepEqual(again.metadata().cursors, [
      { name: 'gone', position: 0, lag: 192, hold: true, damaged: false },
    ]);
    await again.deleteCursor('gone');
    for (let i = 0; i < 500; i++) await again.append(LOG);
  });

  test(`${whenFull}: the error names the cursor that holds, and how far it is behind`, async (t) => {
    const space = new Workspace(t);
    const waldo = await space.open({ ...SMALL, whenFull });
    const fast = await waldo.durableCursor('fast', { hold: true });
    await waldo.durableCursor('slow', { hold: true });
    await waldo.durableCursor('free');
    await fill(waldo);
    await fast.commit(190);
    const full = withCode('WALDO_FULL', /cursor slow holds the logs after 0, 192 behind the tip/, {
      cursor: 'slow',
      lag: 192,
    });
    await assert.rejects(waldo.append(LOG, { timeout: 5 }), full);
    assert.throws(() => waldo.appendSync(LOG), full);
    assert.equal(waldo.prevSeqNo, 192);
  });

  test(`${whenFull}: many appends at once are in whole or not at all`, async (t) => {
    const space = new Workspace(t);
    const waldo = await space.open({ ...SMALL, whenFull });
    const cursor = await waldo.durableCursor('slow', { hold: true });
    const batch = Array<Buffer>(5).fill(Buffer.alloc(600));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 120 }, () => waldo.append(batch, { timeout: 200 })),
    );
    const done = outcomes.filter(({ status }) => status === 'fulfilled').length;
    assert(done > 40 && done < 120, `${done} of 120 fitted`);
    assert.equal(waldo.prevSeqNo, 5 * done);
    assert.equal((await seqNosOf(cursor.query())).length, 5 * done);
    await waldo.close();
    const again = await space.open({ ...SMALL, whenFull });
    assert.equal((await seqNosOf(again.query(Cursor.trim()))).length, 5 * done);
  });
}

test('wait: an append goes on when the cursor moves, in the order of the calls', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, whenFull: 'wait' });
  const cursor = await waldo.durableCursor('slow', { hold: true });
  await fill(waldo);
  const waiting = [1, 2, 3].map(() => waldo.append(LOG));
  await cursor.commit(100);
  assert.deepEqual(await Promise.all(waiting), [193, 194, 195]);
});

test('wait: an append that waits can be aborted', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, whenFull: 'wait' });
  const cursor = await waldo.durableCursor('slow', { hold: true });
  await fill(waldo);
  const controller = new AbortController();
  const aborted = waldo.append(LOG, { signal: controller.signal });
  const behind = waldo.append(LOG);
  controller.abort();
  await assert.rejects(aborted, withCode('WALDO_ABORTED'));
  await cursor.commit(100);
  assert.equal(await behind, 193);
});

test('wait: closing the ring rejects what waits for a cursor', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, whenFull: 'wait' });
  await waldo.durableCursor('slow', { hold: true });
  await fill(waldo);
  const waiting = waldo.append(LOG);
  const refused = assert.rejects(waiting, withCode('WALDO_FULL'));
  await waldo.close();
  await refused;
  const again = await space.open({ ...SMALL, whenFull: 'wait' });
  assert.equal(again.prevSeqNo, 192);
});

test('overwrite: the cursor is let go, and is told', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, whenFull: 'overwrite' });
  const cursor = await waldo.durableCursor('slow', { hold: true });
  const told = once(cursor, 'trimmed');
  for (let i = 0; i < 300; i++) await waldo.append(LOG);
  const [error] = await told;
  withCode('WALDO_TRIMMED', /overwritten logs after Cursor.after\(0\)/)(error);
  const { afterSeqNo } = waldo.metadata();
  await assert.rejects(
    cursor.tail().next(),
    withCode('WALDO_TRIMMED', undefined, { oldestSeqNo: afterSeqNo + 1 }),
  );
  await cursor.commit(afterSeqNo);
  assert.equal((await seqNosOf(cursor.query()))[0], afterSeqNo + 1);
});

test('a cursor that was let go holds nothing until it has caught up', async (t) => {
  const space = new Workspace(t);
  const first = await space.open({ ...SMALL, whenFull: 'overwrite' });
  await first.durableCursor('slow', { hold: true });
  for (let i = 0; i < 300; i++) await first.append(LOG);
  await first.close();
  const waldo = await space.open({ ...SMALL, whenFull: 'reject' });
  for (let i = 0; i < 300; i++) await waldo.append(LOG);
  const cursor = await waldo.durableCursor('slow');
  await cursor.commit(waldo.metadata().afterSeqNo);
  assert((await fill(waldo)) < 192);
});
