import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cost, OVERHEAD, STAGES, schedule, stageBudget } from '../../bench/tune/plan.js';
import { diskTrials } from '../../bench/tune/trials.js';
import { MIB } from './tune-support.js';

const BYTES_PER_SECOND = 100e6;

const free = (name: string): Cost => ({ name, diskBytes: 0, prepareBytes: 0 });
const ring = (name: string, bytes: number): Cost => ({ name, diskBytes: bytes, prepareBytes: 2 * bytes });

function plan(costs: readonly Cost[], seconds: number, diskBytes = 2 ** 40) {
  return schedule('Rings', costs, { seconds, diskBytes, bytesPerSecond: BYTES_PER_SECOND });
}

/** Seconds that a plan takes, as far as can be told. */
function cost(costs: readonly Cost[], { chosen, rounds, seconds }: ReturnType<typeof plan>): number {
  const prepare = chosen
    .map((index) => costs[index]!.prepareBytes)
    .reduce((sum, bytes) => sum + (bytes === 0 ? 0 : OVERHEAD + bytes / BYTES_PER_SECOND), 0);
  return prepare + chosen.length * rounds * (seconds + OVERHEAD);
}

test('whatever there is time for, a plan takes no longer', () => {
  const costs = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((name, n) => [
    free(name),
    ring(`${name} ring`, n * 32 * MIB),
  ]);
  for (let seconds = 0; seconds < 200; seconds = seconds * 1.1 + 0.05) {
    const made = plan(costs, seconds);
    assert.ok(cost(costs, made) <= seconds + 1e-9, `${cost(costs, made)} s of ${seconds} s`);
  }
});

test('stages share the whole time, and what one does not need goes to those after it', () => {
  let left = 60;
  for (const stage of STAGES) left -= stageBudget(stage, left);
  assert.ok(Math.abs(left) < 1e-9);
  assert.ok(stageBudget('memory', 60) === 60);
  assert.ok(stageBudget('slab', 50) > stageBudget('slab', 40));
});

test('with plenty of time everything is measured often and for long, and there is nothing to say', () => {
  const made = plan([free('a'), ring('b', MIB)], 100);
  assert.deepEqual(made, { chosen: [0, 1], seconds: 1, rounds: 5, isRough: false, notes: [] });
});

test('what there is no time for is left out from the end on, and named', () => {
  const { chosen, isRough, notes } = plan([free('a'), free('b'), free('c, d'), free('e')], 0.6);
  assert.deepEqual(chosen, [0, 1]);
  assert.equal(isRough, true);
  assert.deepEqual(notes, ['Rings: left out for want of time: c, d; e.', 'Rings: measured once only.']);
});

test('a ring that would take long to fill is left out for those that do not', () => {
  const { chosen, notes } = plan([free('a'), ring('large', 1024 * MIB), ring('small', MIB)], 5);
  assert.deepEqual(chosen, [0, 2]);
  assert.deepEqual(notes, ['Rings: left out for want of time: large.']);
});

test('with no time nothing is measured, and that is said', () => {
  for (const seconds of [0, -5]) {
    const { chosen, notes } = plan([free('a')], seconds);
    assert.deepEqual([chosen, notes], [[], ['Rings was left out for want of time.']]);
  }
});

test('rings that do not fit the disk together are left out, and named', () => {
  const costs = [ring('a', 64 * MIB), ring('b', 64 * MIB), ring('c', 16 * MIB)];
  const { chosen, notes } = plan(costs, 100, 100 * MIB);
  assert.deepEqual(chosen, [0, 2]);
  assert.deepEqual(notes, ['Rings: left out for want of disk, of which 100 MiB were left: b.']);
});

test('however little time there is, the limit of the disk is what large blocks reach', () => {
  for (const direct of [true, false]) assert.equal(diskTrials(direct)[0]!.at.block, 2 * MIB);
});
