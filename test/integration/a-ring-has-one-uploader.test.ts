import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { LocalObjectStore, MemoryObjectStore, Uploader } from '../../src/buffer/index.js';
import { withCode } from '../support/rings.js';
import { Script } from './support/script.js';
import { Workspace } from './support/workspace.js';

test('a second uploader is refused, in the same process and beside another one', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  const store = new MemoryObjectStore();
  const first = await Uploader.start(waldo, { store });
  await assert.rejects(Uploader.start(waldo, { store }), withCode('WALDO_LOCKED'));
  await assert.rejects(Uploader.start(space.ring, { store }), withCode('WALDO_LOCKED'));
  await first.close();
  const second = await Uploader.start(space.ring, { store });
  await second.close();
});

test('an uploader in another process keeps others out until it is killed', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  const directory = join(space.path, 'store');
  const script = new Script('upload-until-killed', [space.ring, directory, 'uploader', 1024]);
  assert.equal(await script.expectLine(), 'started');
  const store = new LocalObjectStore(directory);
  await assert.rejects(Uploader.start(waldo, { store }), withCode('WALDO_LOCKED'));
  await script.kill();
  const uploader = await Uploader.start(waldo, { store });
  await uploader.close();
});
