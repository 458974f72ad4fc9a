import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Script } from './support/script.js';
import { Workspace } from './support/workspace.js';

const MiB = 1024 * 1024;
/** What the process may have gained between the 300,000th and the millionth append. */
const GROWTH = { rss: 48 * MiB, heapUsed: 8 * MiB, external: 8 * MiB, arrayBuffers: 8 * MiB };

test('after a million appends and their delivery the process is as large as after some', async (t) => {
  const space = new Workspace(t);
  const script = new Script('append-a-million', [space.ring], { flags: ['--expose-gc'] });
  const { code, stderr } = await script.ended;
  assert.equal(code, 0, stderr);
  const rounds = script.lines.slice(0, -1).map((line) => JSON.parse(line));
  for (const round of rounds) t.diagnostic(JSON.stringify(round));
  const [warm, end] = [rounds[2], rounds.at(-1)];
  assert.equal(end.appended, 1_000_000);
  for (const [name, limit] of Object.entries(GROWTH)) {
    const growth = end[name] - warm[name];
    assert(growth <= limit, `${name} grew by ${growth} bytes; ${limit} are expected at most`);
  }
});
