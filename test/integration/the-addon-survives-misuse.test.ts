import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { Script } from './support/script.js';
import { Workspace } from './support/workspace.js';

const ROUNDS = 20;

test('whatever it is called with, the addon throws or does it', async (t) => {
  const space = new Workspace(t);
  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const script = new Script('misuse-the-addon', [space.ring, seed, ROUNDS]);
  const { code, signal, stderr } = await script.ended;
  assert.deepEqual([code, signal, stderr], [0, null, ''], `seed ${seed}, after ${script.lines.at(-1)}`);
  assert.equal(script.lines.length, ROUNDS);
});
