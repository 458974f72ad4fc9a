import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turn } from '../support/fake-engine.js';
import { hear } from '../support/heard.js';
import { withCode } from '../support/rings.js';
import { SMALL, Workspace } from './support/workspace.js';

const LOG = [Buffer.alloc(900)];

for (const whenFull of ['reject', 'wait'] as const) {
  test(`${whenFull}: it is told once when a cursor begins to hold, and when appends go on`, async (t) => {
    const space = new Workspace(t);
    const heard = hear(t, 'waldo:hold', space.ring);
    const waldo = await space.open({ ...SMALL, whenFull });
    const cursor = await waldo.durableCursor('slow', { hold: true });
    for (let i = 0; i < 192; i++) await waldo.append(LOG);
    assert.equal(heard.length, 0);

    const refused = [1, 2, 3].map(() => waldo.append(LOG, { timeout: 20 }));
    for (const append of refused) await assert.rejects(append, withCode('WALDO_FULL'));
    assert.throws(() => waldo.appendSync(LOG), withCode('WALDO_FULL'));
    await turn();
    const hold = { directory: space.ring, cursor: 'slow', position: 0, lag: 192 };
    assert.deepEqual(heard, [{ ...hold, state: 'held' }]);
    const { appends, appendsFailed, appendsPending } = waldo.stats();
    assert.deepEqual([appends, appendsFailed, appendsPending], [192, 4, 0]);

    await cursor.commit(100);
    await waldo.append(LOG);
    await waldo.append(LOG);
    await turn();
    assert.deepEqual(heard.slice(1), [{ ...hold, state: 'released', position: 100, lag: 92 }]);
    assert(heard.every(Object.isFrozen));
  });
}

test('a hold ends when the cursor is deleted', async (t) => {
  const space = new Workspace(t);
  const heard = hear(t, 'waldo:hold', space.ring);
  const waldo = await space.open({ ...SMALL, whenFull: 'wait' });
  const cursor = await waldo.durableCursor('slow', { hold: true });
  for (let i = 0; i < 192; i++) await waldo.append(LOG);
  const waiting = waldo.append(LOG);
  assert.deepEqual([waldo.stats().appendsPending, waldo.stats().appendsWaiting], [1, 1]);
  await cursor.delete();
  assert.equal(await waiting, 193);
  assert.deepEqual(
    heard.map(({ state, cursor, position }) => [state, cursor, position]),
    [
      ['held', 'slow', 0],
      ['released', 'slow', 0],
    ],
  );
});

test('a ring that overwrites is never held', async (t) => {
  const space = new Workspace(t);
  const heard = hear(t, 'waldo:hold', space.ring);
  const waldo = await space.open();
  await waldo.durableCursor('slow', { hold: true });
  for (let i = 0; i < 300; i++) await waldo.append(LOG);
  assert.equal(heard.length, 0);
});
