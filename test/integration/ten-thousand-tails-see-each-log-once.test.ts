import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Script } from './support/script.js';
import { Workspace } from './support/workspace.js';

const TAILS = 10_000;
const COMMITS = 200;

test('each of ten thousand tails gets every log once, in order and as it was appended', async (t) => {
  const space = new Workspace(t);
  // In a process of its own: this one's test runner watches every promise, and there are millions.
  const script = new Script('follow-with-many-tails', [space.ring, TAILS, COMMITS]);
  const { code, stderr } = await script.ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(script.lines, [String(TAILS)]);
});
