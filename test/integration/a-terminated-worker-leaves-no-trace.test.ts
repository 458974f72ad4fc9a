import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Script } from './support/script.js';
import { Workspace } from './support/workspace.js';

/** Four of each kind. */
const TERMINATIONS = 44;

test('whatever it did, the process goes on, the lock is free, what was acknowledged is there', async (t) => {
  const space = new Workspace(t);
  const script = new Script('terminate-workers', [space.ring, TERMINATIONS]);
  const { code, signal, stderr } = await script.ended;
  assert.deepEqual([code, signal, stderr], [0, null, ''], `after ${script.lines.at(-1)}: ${stderr}`);
  assert.equal(script.lines.length, TERMINATIONS);
});
