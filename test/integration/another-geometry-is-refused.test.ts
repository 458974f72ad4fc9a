import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WaldoOptions } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { Workspace } from './support/workspace.js';

const GEOMETRY = { ringSize: 3, fileCapacity: 131072, indexCapacity: 40, alignment: 512 } as const;

for (const [option, other] of [
  ['ringSize', 4],
  ['fileCapacity', 65536],
  ['indexCapacity', 41],
  ['alignment', 4096],
] as const) {
  test(`${option} other than the ring's is refused, and both values are named`, async (t) => {
    const space = new Workspace(t);
    const waldo = await space.open(GEOMETRY);
    await waldo.append(['a']);
    await waldo.close();
    const message = new RegExp(`${option} ${GEOMETRY[option]}; ${other} was given`);
    const given = { ...GEOMETRY, bufCapacity: 4096, [option]: other };
    await assert.rejects(space.open(given), withCode('WALDO_OPTION', message, { option }));
    await assert.rejects(space.open({ [option]: other }), withCode('WALDO_OPTION', message, { option }));
    // And nothing has happened to the ring.
    const again = await space.open(GEOMETRY);
    assert.equal(again.prevSeqNo, 1);
    assert.equal(again.metadata()[option], GEOMETRY[option]);
  });
}

test("a slab larger than the ring's pages is refused, for readers too", async (t) => {
  const space = new Workspace(t);
  await (await space.open(GEOMETRY)).close();
  const message = /bufCapacity 262144 .* fileCapacity 131072/;
  const given = { bufCapacity: 262144 };
  await assert.rejects(space.open(given), withCode('WALDO_OPTION', message, { option: 'bufCapacity' }));
  await assert.rejects(space.openReader(given), withCode('WALDO_OPTION', message, { option: 'bufCapacity' }));
});

test("what is not given is the ring's own", async (t) => {
  const space = new Workspace(t);
  await (await space.open({ ...GEOMETRY, bufCapacity: 8192 })).close();
  const given: WaldoOptions[] = [{}, GEOMETRY, { ringSize: 3 }, { alignment: 'auto', directIo: false }];
  for (const options of given) {
    const waldo = await space.open(options);
    const { ringSize, fileCapacity, indexCapacity, alignment } = waldo.metadata();
    assert.deepEqual({ ringSize, fileCapacity, indexCapacity, alignment }, GEOMETRY);
    await waldo.close();
  }
});

test('everything else may change from open to open', async (t) => {
  const space = new Workspace(t);
  await (await space.open({ ...GEOMETRY, bufCapacity: 8192 })).close();
  for (const options of [
    { bufCapacity: 65536, indexSparseBytes: 512 },
    { bufCapacity: 4096, indexSparseCount: 1, pageCapacity: 3 },
    { fileODsync: false, directIo: false, poolSize: 2, queueDepth: 1, cacheBytes: 0 },
  ]) {
    const waldo = await space.open(options);
    const before = waldo.prevSeqNo ?? 0;
    for (let i = 1; i <= 20; i++) assert.equal(await waldo.append(['x'.repeat(1000)]), before + i);
    assert.deepEqual((await waldo.verify()).problems, []);
    await waldo.close();
  }
});
