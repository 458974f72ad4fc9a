import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryObjectStore, Uploader } from '../../src/buffer/index.js';
import type { Waldo } from '../../src/index.js';
import { stayAlive } from './support/stay-alive.js';
import { SMALL, Workspace } from './support/workspace.js';

const NEVER = { flushInterval: 2 ** 31 - 1 };
const LOG = [Buffer.alloc(900)];

/** Fills the ring several times over, which takes an uploader that ships each page. */
async function appendLaps(waldo: Waldo): Promise<void> {
  for (let i = 0; i < 1000; i++) await waldo.append(LOG, { timeout: 60_000 });
}

for (const beside of [false, true]) {
  test(`a page that is full is shipped without waiting, ${beside ? 'beside' : 'by'} its writer`, async (t) => {
    stayAlive(t);
    const space = new Workspace(t);
    const waldo = await space.open({ ...SMALL, whenFull: 'wait' });
    const store = new MemoryObjectStore();
    const uploader = await Uploader.start(beside ? space.ring : waldo, { store, ...NEVER });
    await appendLaps(waldo);
    const { batches, retries } = uploader.stats();
    assert(batches > 10 && batches < 30, `${batches} batches for 1000 logs of 64 a page`);
    assert.equal(retries, 0);
    await uploader.close();
    assert.equal(uploader.stats().logs, 1000);
  });
}
