import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recommendGeometry, recommendIndex, recommendSlab } from '../../bench/tune/recommend.js';
import { candidate, duelsOf, MIB, noDuels, slabs, stage, WORKLOAD } from './tune-support.js';

const RING = { ringSize: 4, fileCapacity: 64 * MIB };
const SIZES = [2 * MIB, 4 * MIB, MIB];
const winsDuels = duelsOf(2, 2, 2, 2, 2);

test('what does better by less than 5 % changes nothing, however often it does', () => {
  const found = recommendSlab(
    slabs({ [2 * MIB]: 100, [4 * MIB]: 104, [MIB]: 99 }, SIZES),
    winsDuels,
    RING,
    WORKLOAD,
  );
  assert.deepEqual(found.options, {});
  assert.deepEqual(found.reasons.bufCapacity, {
    value: 2 * MIB,
    isDefault: true,
    reason: 'Slabs of 2097152 give 100 logs/s; nothing else does better by more than chance.',
  });
});

test('what does better by less than the rounds spread changes nothing', () => {
  const logs = { [2 * MIB]: 100, [4 * MIB]: 130, [MIB]: 70 };
  const found = recommendSlab(slabs(logs, SIZES, { spread: 0.2 }), winsDuels, RING, WORKLOAD);
  assert.deepEqual(found.options, {});
});

test('what was measured once has to do much better', () => {
  const once = (best: number) =>
    recommendSlab(
      slabs({ [2 * MIB]: 100, [4 * MIB]: best, [MIB]: 70 }, SIZES, { rounds: 1 }),
      winsDuels,
      RING,
      WORKLOAD,
    );
  assert.deepEqual(once(115).options, {});
  assert.deepEqual(once(125).options, { bufCapacity: 4 * MIB });
});

for (const [what, ratios] of [
  ['loses one pair of a duel', [1.3, 1.3, 0.99, 1.3, 1.3]],
  ['wins all pairs of a duel, but by too little', [1.01, 1.04, 1.02, 1.03, 1.2]],
] as const) {
  test(`what looked better and ${what} changes nothing, and is named`, () => {
    const logs = { [2 * MIB]: 100, [4 * MIB]: 130, [MIB]: 70 };
    const found = recommendSlab(slabs(logs, SIZES), duelsOf(...ratios), RING, WORKLOAD);
    assert.deepEqual(found.options, {});
    assert.match(found.reasons.bufCapacity!.reason, /4194304 looked better, but was not when .* again/);
  });
}

test('what looked better changes nothing if there was no time for a duel', () => {
  const cells = stage('geometry', [
    candidate({ ring: 4, page: 64 * MIB }, { logs: 100 }),
    candidate({ ring: 8, page: 64 * MIB }, { logs: 200 }),
  ]);
  const found = recommendGeometry(cells, noDuels, RING);
  assert.deepEqual(found.options, {});
  assert.match(
    found.reasons.ringSize!.reason,
    /8 × 67108864 looked better, but there was no time to make sure/,
  );
});

test('an index that seeks faster and appends slower is not taken', () => {
  const densities = stage('index', [
    candidate({ distance: 65536 }, { 'seek p50': 200, logs: 100, index: 1000 }),
    candidate(
      { distance: 4096 },
      { 'seek p50': 50, logs: 80, index: 16000 },
      { options: { indexSparseBytes: 4096 } },
    ),
  ]);
  assert.deepEqual(recommendIndex(densities, winsDuels, WORKLOAD).options, {});
});

test('what was not measured is left at its default, and the reason says so', () => {
  const found = recommendSlab(undefined, noDuels, RING, WORKLOAD);
  assert.deepEqual(found.options, {});
  assert.deepEqual(found.reasons.bufCapacity, {
    value: 'default',
    isDefault: true,
    reason: 'Not measured: there was no time for it.',
  });
});
