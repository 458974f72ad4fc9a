import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { hasRing, startTune, tuneDirectory } from './tune-support.js';

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`a sweep that ${signal} ends removes its rings, writes no report, and exits with ${status}`, async (t) => {
    const { dir, out } = tuneDirectory(t);
    const running = startTune([dir, '--time', '10m', '--max-disk', '64MiB', '--out', out]);
    let ended = false;
    running.ended.then(() => {
      ended = true;
    });
    while (!ended && !hasRing(dir)) await setImmediate();
    running.child.kill(signal);
    const { code, stdout } = await running.ended;
    assert.deepEqual([code, stdout.toString()], [status, '']);
    assert.deepEqual(readdirSync(dir), []);
    assert.equal(existsSync(out), false);
  });
}
