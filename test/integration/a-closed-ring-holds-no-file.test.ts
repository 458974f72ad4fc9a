import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cursor } from '../../src/index.js';
import { SMALL, Workspace } from './support/workspace.js';

/** What this process has open beneath a directory. */
function openFilesIn(directory: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const file = readlinkSync(join('/proc/self/fd', descriptor));
      return file.startsWith(directory) ? [file] : [];
    } catch {
      return []; // The descriptor of the listing itself.
    }
  });
}

const skip =
  process.platform === 'linux' ? false : 'open files are listed in /proc/self/fd, which only Linux has';

test('after close, for writing or for reading, no file of the ring is open', { skip }, async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  for (let i = 0; i < 200; i++) waldo.appendSync(['x'.repeat(1000)]);
  assert(openFilesIn(space.ring).length >= SMALL.ringSize);
  await waldo.close();
  assert.deepEqual(openFilesIn(space.ring), []);
  const reader = await space.openReader();
  await reader.query(Cursor.trim()).next();
  await reader.close();
  assert.deepEqual(openFilesIn(space.ring), []);
  // Both are still referenced, and answer.
  assert.equal(waldo.prevSeqNo, reader.prevSeqNo);
});

test('an open that fails leaves none open', { skip }, async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  await assert.rejects(space.open());
  await waldo.close();
  await assert.rejects(space.open({ ringSize: 9 }));
  await assert.rejects(space.openReader({ bufCapacity: 2 ** 20 }));
  assert.deepEqual(openFilesIn(space.ring), []);
});
