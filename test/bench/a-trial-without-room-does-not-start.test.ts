import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Harness } from '../../bench/harness.js';
import type { Suite, Trial } from '../../bench/suite.js';
import { benchDirectory } from './support/bench.js';

test('a trial that needs more disk than there is says how much, and does not start', async (t) => {
  const scale = { quick: true, full: false, seconds: 0.01 };
  const harness = new Harness(benchDirectory(t), scale, 1, () => {});
  const trial: Trial = {
    name: 'huge',
    metrics: {},
    diskBytes: 2 ** 60,
    run: () => assert.fail('it started'),
  };
  const suite: Suite = { name: 'fake', about: '', trials: () => [trial] };
  await assert.rejects(
    harness.measure(suite, trial),
    /it needs 1048576\.0 TiB of disk, and there are .* left/,
  );
});
