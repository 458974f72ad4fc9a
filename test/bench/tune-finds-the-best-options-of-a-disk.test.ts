import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Waldo } from 'waldo';
import type { Task } from '../../bench/tune/measure.js';
import { MadeUpDisk, MIB, tuneDirectory, tuneMadeUp, WORKLOAD } from './tune-support.js';

const STAGES = ['disk', 'direct', 'slab', 'batch', 'geometry', 'index', 'latency', 'fanout'];

test('a disk on which nothing makes a difference gets the defaults', async (t) => {
  const result = await tuneMadeUp(t, new MadeUpDisk(), { maxDisk: 1024 * MIB });
  assert.deepEqual(
    result.stages.map(({ name }) => name),
    STAGES,
  );
  assert.deepEqual(result.recommended, {});
  for (const [name, { isDefault, reason }] of Object.entries(result.reasons))
    assert.deepEqual([isDefault, /^Not measured/.test(reason)], [true, false], name);
});

/** Some options do better, each by half as much again. */
function figures(task: Task): { logs?: number; 'seek p50'?: number } {
  if (task.kind === 'seek') return { 'seek p50': task.options.indexSparseBytes === 16384 ? 10 : 100 };
  if (task.kind !== 'append') return {};
  const { alignment, bufCapacity, ringSize, poolSize } = task.options;
  const better = [alignment === 4096, bufCapacity === 4 * MIB, ringSize === 8, poolSize === 16];
  return { logs: 1000 * 1.5 ** better.filter(Boolean).length };
}

test('options that do better are recommended, all of them, and open a ring', async (t) => {
  const workload = { ...WORKLOAD, callers: 100_000 };
  const result = await tuneMadeUp(t, new MadeUpDisk(figures), { workload });
  const expected = {
    alignment: 4096,
    bufCapacity: 4 * MIB,
    ringSize: 8,
    fileCapacity: 16 * MIB,
    indexSparseBytes: 16384,
    poolSize: 16,
  };
  assert.deepEqual(result.recommended, expected);
  for (const [name, value] of Object.entries(expected)) {
    const { isDefault, reason } = result.reasons[name]!;
    assert.deepEqual([result.reasons[name]!.value, isDefault], [value, false]);
    assert.match(reason, /in 5 pairs of measurements/);
  }
  await using waldo = await Waldo.open(join(tuneDirectory(t).dir, 'ring'), result.recommended);
  const { alignment, bufCapacity, ringSize, fileCapacity, indexSparseBytes } = waldo.metadata();
  const { poolSize: _, ...shown } = expected;
  assert.deepEqual({ alignment, bufCapacity, ringSize, fileCapacity, indexSparseBytes }, shown);
});

test('a duel that was won counts, however much its figures vary', async (t) => {
  const duelling = [4, 1.1, 4, 1.1, 4];
  const result = await tuneMadeUp(
    t,
    new MadeUpDisk((task, seconds) => {
      if (task.kind !== 'append' || task.options.bufCapacity !== 4 * MIB) return {};
      return { logs: 100_000 * (seconds === 0.25 ? duelling.shift()! : 2) };
    }),
  );
  assert.equal(result.recommended.bufCapacity, 4 * MIB);
});

test('a candidate that cannot be measured is left out and named, and the others are measured', async (t) => {
  const result = await tuneMadeUp(
    t,
    new MadeUpDisk((task) => {
      if (task.kind === 'append' && task.options.directIo === false) throw new Error('no such thing');
      return {};
    }),
  );
  const [, direct] = result.stages;
  assert.deepEqual(
    direct!.candidates.map(({ at }) => at.way),
    ['default', 'align 4096'],
  );
  assert.ok(
    result.notes.includes('Direct I/O and alignment: buffered cannot be measured here: no such thing'),
    result.notes.join('\n'),
  );
});
