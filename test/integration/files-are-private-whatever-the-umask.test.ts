import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WaldoOptions } from '../../src/index.js';
import { SMALL, Workspace } from './support/workspace.js';

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

/** The permissions of all files of a ring, after it has wrapped and been opened again. */
async function modesOf(space: Workspace, options: WaldoOptions, umask: number): Promise<Set<string>> {
  const before = process.umask(umask);
  try {
    const waldo = await space.open({ ...SMALL, directIo: false, ...options });
    for (let i = 0; i < 200; i++) waldo.appendSync(['x'.repeat(1000)]);
    await waldo.close();
    const again = await space.open(options);
    await again.append(['y']);
    await again.close();
  } finally {
    process.umask(before);
  }
  const files = readdirSync(space.ring);
  assert.equal(files.length, SMALL.ringSize + 3);
  return new Set(files.map((name) => modeOf(join(space.ring, name))));
}

for (const umask of [0, 0o077, 0o777]) {
  test(`umask ${umask.toString(8)}: 600 and 700 by default`, async (t) => {
    const space = new Workspace(t);
    assert.deepEqual(await modesOf(space, {}, umask), new Set(['600']));
    assert.equal(modeOf(space.ring), '700');
  });

  test(`umask ${umask.toString(8)}: as the option says, directories with x where there is r`, async (t) => {
    const space = new Workspace(t);
    assert.deepEqual(await modesOf(space, { mode: 0o640 }, umask), new Set(['640']));
    assert.equal(modeOf(space.ring), '750');
  });
}

test('a directory that is there already is left as it is', async (t) => {
  const space = new Workspace(t);
  space.directory('ring');
  const before = modeOf(space.ring);
  await space.open();
  assert.equal(modeOf(space.ring), before);
});
