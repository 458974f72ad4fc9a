import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Waldo } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { LOG } from './support/held.js';
import { SMALL, Workspace } from './support/workspace.js';

const OPTIONS = { ...SMALL, whenFull: 'wait' } as const;
/** Logs that fit before the held page, less one: room for one more is left. */
const APPENDED = 191;

async function openHeld(t: TestContext): Promise<{ space: Workspace; waldo: Waldo }> {
  const space = new Workspace(t);
  const waldo = await space.open(OPTIONS);
  await waldo.durableCursor('slow', { hold: true });
  for (let i = 0; i < APPENDED; i++) await waldo.append(LOG);
  return { space, waldo };
}

test('an append that would fit does not pass one that does not', async (t) => {
  const { space, waldo } = await openHeld(t);
  const outcomes = Promise.allSettled([[...LOG, ...LOG], LOG].map((logs) => waldo.append(logs)));
  await waldo.close();
  for (const outcome of await outcomes) {
    assert.equal(outcome.status, 'rejected');
    withCode('WALDO_FULL')(outcome.reason);
  }
  assert.equal((await space.open(OPTIONS)).prevSeqNo, APPENDED);
});

test('appends that fit one by one, but not all together, do not keep it open', {
  timeout: 20_000,
}, async (t) => {
  const { waldo } = await openHeld(t);
  const outcomes = Promise.allSettled([[...LOG, ...LOG], LOG, LOG].map((logs) => waldo.append(logs)));
  await waldo.close();
  for (const { status } of await outcomes) assert.equal(status, 'rejected');
});

test('appends before it go through', async (t) => {
  const { space, waldo } = await openHeld(t);
  const fits = waldo.append(LOG);
  const outcomes = Promise.allSettled([LOG, LOG].map((logs) => waldo.append(logs)));
  await waldo.close();
  assert.equal(await fits, APPENDED + 1);
  for (const { status } of await outcomes) assert.equal(status, 'rejected');
  assert.equal((await space.open(OPTIONS)).prevSeqNo, APPENDED + 1);
});
