import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tune } from '../../bench/tune/sweep.js';
import { diskTrials } from '../../bench/tune/trials.js';
import { MadeUpDisk, MIB, tuneDirectory, tuneMadeUp, WORKLOAD } from './tune-support.js';

for (const maxDisk of [16 * MIB, 64 * MIB, 200 * MIB, 512 * MIB]) {
  test(`rings take at most the ${maxDisk / MIB} MiB that they may, and several of them are compared`, async (t) => {
    const disk = new MadeUpDisk();
    const workload = { ...WORKLOAD, payload: 100_000, logs: 100 };
    for (const load of [WORKLOAD, workload]) {
      const { stages } = await tuneMadeUp(t, disk, { maxDisk, workload: load });
      assert.ok(disk.mostTaken <= maxDisk, `${disk.mostTaken} bytes`);
      const geometry = stages.find(({ name }) => name === 'geometry');
      if (load === WORKLOAD) assert.ok(geometry!.candidates.length > 1);
    }
    assert.ok(disk.isClosed);
  });
}

test('where there is little room, raw loops go over small files', async (t) => {
  const { dir: directory } = tuneDirectory(t);
  const small: boolean[] = [];
  const view = { stage() {}, progress() {}, note() {} };
  for (const maxDisk of [64 * MIB, 1024 * MIB]) {
    await tune(
      { directory, workload: WORKLOAD, seconds: 60, maxDisk },
      view,
      new AbortController().signal,
      (_directory, isSmall) => {
        small.push(isSmall);
        return new MadeUpDisk();
      },
    );
  }
  assert.deepEqual(small, [true, false]);
  assert.ok(diskTrials(true).every(({ diskBytes }) => diskBytes === 0));
});

test('what does not fit is said', async (t) => {
  const { notes } = await tuneMadeUp(t, new MadeUpDisk(), { maxDisk: 16 * MIB });
  const said = /^Ring × page size: left out for want of disk, of which 8 MiB were left: .*16 × 32 MiB\.$/;
  assert.ok(
    notes.some((note) => said.test(note)),
    notes.join('\n'),
  );
});
