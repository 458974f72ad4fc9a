import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { measure } from '../../bench/tune/measure.js';
import { MIB, tuneDirectory, WORKLOAD } from './tune-support.js';

/** Where there is little room: other benchmarks take smaller slabs then. */
function context(t: TestContext) {
  return { directory: tuneDirectory(t).dir, scale: { quick: true, full: false, seconds: 0.01 } };
}

const OPTIONS = { ringSize: 2, fileCapacity: 4 * MIB };

for (const kind of ['append', 'tail', 'seek'] as const) {
  test(`${kind}: a ring with default slabs takes the largest log`, async (t) => {
    const workload = { payload: MIB, logs: 1, callers: 2, readers: 2 };
    const there = context(t);
    await measure({ kind: 'fill', options: OPTIONS, workload }, there);
    const { logs } = await measure({ kind, options: OPTIONS, workload }, there);
    assert.ok(logs! > 0);
  });
}

test('in pages smaller than a default slab, slabs are as large as pages', async (t) => {
  const options = { ringSize: 2, fileCapacity: MIB / 2 };
  const there = context(t);
  await measure({ kind: 'fill', options }, there);
  const { logs } = await measure({ kind: 'append', options, workload: WORKLOAD }, there);
  assert.ok(logs! > 0);
});

test('an append that fails while readers wait is what a measurement fails with', async (t) => {
  const workload = { payload: MIB, logs: 1, callers: 1, readers: 3 };
  const options = { ...OPTIONS, bufCapacity: MIB };
  await assert.rejects(measure({ kind: 'tail', options, workload }, context(t)), /log 0 has 1048576 bytes/);
});
