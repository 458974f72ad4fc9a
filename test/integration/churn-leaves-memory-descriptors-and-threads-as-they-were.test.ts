import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { Script } from './support/script.js';
import { Workspace } from './support/workspace.js';

const MiB = 1024 * 1024;
/** `WALDO_CHURN_SECONDS=3600` for an hour of it. */
const SECONDS = Number(process.env.WALDO_CHURN_SECONDS ?? 6);
/** What the process may have gained from the second round to the last. */
const GROWTH = { rss: 48 * MiB, heapUsed: 8 * MiB, external: 8 * MiB, fds: 0, threads: 0 };

const skip = existsSync('/proc/self/fd') ? false : 'there is no /proc to count in';

test('rings, streams and cursors that come and go leave nothing behind', {
  skip,
  timeout: 1e6 + SECONDS * 1e3,
}, async (t) => {
  const space = new Workspace(t);
  const script = new Script('churn', [space.ring, SECONDS], { flags: ['--expose-gc'] });
  const { code, stderr } = await script.ended;
  assert.equal(code, 0, stderr);
  const rounds = script.lines.map((line) => JSON.parse(line));
  for (const round of rounds) t.diagnostic(JSON.stringify(round));
  for (const [name, limit] of Object.entries(GROWTH)) {
    const growth = rounds.at(-1)[name] - rounds[1][name];
    assert(growth <= limit, `${name} grew by ${growth}; ${limit} are expected at most`);
  }
});
