import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recommendGeometry, recommendIndex, recommendSlab } from '../../bench/tune/recommend.js';
import { candidate, duelsOf, MIB, slabs, stage, WORKLOAD } from './tune-support.js';

const RING = { ringSize: 4, fileCapacity: 64 * MIB };
const wins = duelsOf(1.4, 1.4, 1.4, 1.4, 1.4);

test('of slabs that do the same, the smallest', () => {
  const logs = { [2 * MIB]: 100, [16 * MIB]: 142, [8 * MIB]: 140, [4 * MIB]: 138 };
  const found = recommendSlab(
    slabs(
      logs,
      [2, 16, 8, 4].map((n) => n * MIB),
    ),
    wins,
    RING,
    WORKLOAD,
  );
  assert.deepEqual(found.options, { bufCapacity: 4 * MIB });
});

test('but not one that does less than the best', () => {
  const logs = { [2 * MIB]: 100, [16 * MIB]: 160, [8 * MIB]: 158, [4 * MIB]: 138 };
  const found = recommendSlab(
    slabs(
      logs,
      [2, 16, 8, 4].map((n) => n * MIB),
    ),
    wins,
    RING,
    WORKLOAD,
  );
  assert.deepEqual(found.options, { bufCapacity: 8 * MIB });
});

test('of rings that do the same, the one that takes least disk', () => {
  const cells = stage('geometry', [
    candidate({ ring: 4, page: 64 * MIB }, { logs: 100 }),
    candidate({ ring: 16, page: 256 * MIB }, { logs: 141 }),
    candidate({ ring: 8, page: 64 * MIB }, { logs: 140 }),
    candidate({ ring: 4, page: 256 * MIB }, { logs: 142 }),
  ]);
  assert.deepEqual(recommendGeometry(cells, wins, RING).options, { ringSize: 8 });
});

test('of indexes that seek as fast, the one that takes least memory', () => {
  const densities = stage(
    'index',
    [
      [65536, 200, 1000],
      [4096, 100, 16000],
      [16384, 102, 4000],
    ].map(([distance, seek, index]) =>
      candidate(
        { distance: distance! },
        { 'seek p50': seek!, logs: 100, index: index! },
        { options: { indexSparseBytes: distance! } },
      ),
    ),
  );
  assert.deepEqual(recommendIndex(densities, wins, WORKLOAD).options, { indexSparseBytes: 16384 });
});
