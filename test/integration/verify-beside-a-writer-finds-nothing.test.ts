import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL, Workspace } from './support/workspace.js';

test('however often pages are recycled while they are verified, nothing is wrong with them', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, ringSize: 2, fileODsync: false });
  let writing = true;
  let verifications = 0;
  async function verify(): Promise<void> {
    while (writing) {
      const { problems } = await waldo.verify();
      assert.deepEqual(problems, []);
      verifications++;
    }
  }
  const verifying = Promise.all([verify(), verify()]);
  for (let i = 0; i < 600 || verifications < 20; i++) {
    await Promise.all(Array.from({ length: 8 }, (_, j) => waldo.append([`${i}`.padEnd(500 + j * 100, '.')])));
  }
  writing = false;
  await verifying;
  assert.deepEqual((await waldo.verify()).problems, []);
});
