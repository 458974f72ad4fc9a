import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { bench, benchDirectory } from './support/bench.js';

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`a run that ${signal} ends removes its rings, and exits with ${status}`, async (t) => {
    const dir = benchDirectory(t);
    const running = bench(['open', '--quick', '--pairs', '1000', '--dir', dir]);
    let ended = false;
    running.ended.then(() => {
      ended = true;
    });
    const hasRing = () =>
      readdirSync(dir).some((name) => existsSync(join(dir, name, 'trial', 'ring', 'RING')));
    while (!ended && !hasRing()) await setImmediate();
    running.child.kill(signal);
    const result = await running.ended;
    assert.deepEqual([result.code, result.stderr], [status, '']);
    assert.deepEqual(readdirSync(dir), []);
  });
}
