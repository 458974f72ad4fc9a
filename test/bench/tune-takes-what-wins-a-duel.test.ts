import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  combine,
  recommendDirect,
  recommendGeometry,
  recommendIndex,
  recommendMemory,
  recommendSlab,
} from '../../bench/tune/recommend.js';
import { candidate, duelsOf, MIB, noDuels, slabs, stage, WORKLOAD } from './tune-support.js';

const RING = { ringSize: 4, fileCapacity: 64 * MIB };
const wins = duelsOf(1.3, 1.4, 1.5, 1.4, 1.35);

test('a slab that wins is recommended, with by how much, what it reaches and what it takes', () => {
  const logs = { [2 * MIB]: 100, [8 * MIB]: 140 };
  const found = recommendSlab(slabs(logs, [2 * MIB, 8 * MIB]), wins, RING, WORKLOAD);
  assert.deepEqual(found.options, { bufCapacity: 8 * MIB });
  assert.deepEqual(found.reasons.bufCapacity, {
    value: 8 * MIB,
    isDefault: false,
    reason:
      '40 % more than 2097152 in 5 pairs of measurements: 140 logs/s; 8 slabs take up to 64 MiB of memory.',
  });
});

test('the page cache is recommended where it wins', () => {
  const ways = stage('direct', [
    candidate({ way: 'default' }, { logs: 100, alignment: 512 }),
    candidate({ way: 'buffered' }, { logs: 140, alignment: 512 }, { options: { directIo: false } }),
  ]);
  const found = recommendDirect(ways, wins, true);
  assert.deepEqual(found.options, { directIo: false });
  assert.match(
    found.reasons.directIo!.reason,
    /^Through the page cache it is 40 % more than .*: 140 logs\/s\.$/,
  );
  assert.equal(found.reasons.alignment!.isDefault, true);
});

test('an alignment is recommended where it wins', () => {
  const ways = stage('direct', [
    candidate({ way: 'default' }, { logs: 100, alignment: 512 }),
    candidate({ way: 'align 4096' }, { logs: 140, alignment: 4096 }, { options: { alignment: 4096 } }),
  ]);
  const found = recommendDirect(ways, wins, true);
  assert.deepEqual(found.options, { alignment: 4096 });
  assert.equal(found.reasons.alignment!.value, 4096);
  assert.equal(found.reasons.directIo!.isDefault, true);
});

test('a ring and its pages are recommended together', () => {
  const cells = stage('geometry', [
    candidate({ ring: 4, page: 64 * MIB }, { logs: 100 }),
    candidate({ ring: 8, page: 256 * MIB }, { logs: 140 }),
  ]);
  const found = recommendGeometry(cells, wins, RING);
  assert.deepEqual(found.options, { ringSize: 8, fileCapacity: 256 * MIB });
  assert.match(found.reasons.ringSize!.reason, /it keeps at least 1\.8 GiB of logs/);
});

test('a denser index that costs no appends is recommended where it seeks faster', () => {
  const densities = stage('index', [
    candidate({ distance: 65536 }, { 'seek p50': 200, logs: 100, index: 1000 }),
    candidate(
      { distance: 16384 },
      { 'seek p50': 140, logs: 99, index: 4000 },
      { options: { indexSparseBytes: 16384 } },
    ),
  ]);
  const found = recommendIndex(densities, wins, WORKLOAD);
  assert.deepEqual(found.options, { indexSparseBytes: 16384 });
  assert.match(found.reasons.indexSparseBytes!.reason, /starts in 140 µs \(median\): 40 % faster than 65536/);
});

test('more slabs are recommended where they win', () => {
  const pools = stage('memory', [
    candidate({ pool: 8 }, { logs: 100 }, { options: { poolSize: 8 } }),
    candidate({ pool: 16 }, { logs: 140 }, { options: { poolSize: 16 } }),
  ]);
  const found = recommendMemory(pools, wins, RING, { ...WORKLOAD, callers: 100_000 }, undefined);
  assert.deepEqual(found.options, { poolSize: 16 });
  assert.equal(found.reasons.cacheBytes!.reason, 'Default serves: the workload has no readers.');
});

test('a batch larger than the default slab gets a slab that makes it atomic, even unmeasured', () => {
  const found = recommendSlab(undefined, noDuels, RING, { ...WORKLOAD, logs: 4000 });
  assert.deepEqual(found.options, { bufCapacity: 4_100_096 });
  assert.match(found.reasons.bufCapacity!.reason, /atomic only if it fits one slab/);
});

test('a slab and an index that a smaller page has no room for are cut to it, and their reasons say so', () => {
  const reason = { value: 0, isDefault: false, reason: 'It won.' };
  const found = combine([
    { options: { bufCapacity: 4 * MIB }, reasons: { bufCapacity: { ...reason, value: 4 * MIB } } },
    { options: { fileCapacity: MIB / 2 }, reasons: { fileCapacity: { ...reason, value: MIB / 2 } } },
    { options: { indexSparseBytes: MIB }, reasons: { indexSparseBytes: { ...reason, value: MIB } } },
  ]);
  const bound = { bufCapacity: MIB / 2, fileCapacity: MIB / 2, indexSparseBytes: MIB / 2 };
  assert.deepEqual(found.options, bound);
  for (const [name, value] of Object.entries(bound)) assert.equal(found.reasons[name]!.value, value);
  assert.equal(found.reasons.bufCapacity!.reason, 'It won. A slab is at most a page of 512 KiB.');
  assert.equal(found.reasons.indexSparseBytes!.reason, 'It won. It is at most a slab of 512 KiB.');
});
