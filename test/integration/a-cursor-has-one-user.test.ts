import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withCode } from '../support/rings.js';
import { SMALL, Workspace } from './support/workspace.js';

test('a cursor that is open cannot be opened or deleted by anybody else, who is told by whom', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  const cursor = await waldo.durableCursor('a');
  const inUse = withCode('WALDO_LOCKED', /cursor a of .* is in use by process \d+/, {
    holder: `process ${process.pid}`,
  });
  await assert.rejects(waldo.durableCursor('a'), inUse);
  await cursor.close();
  const again = await waldo.durableCursor('a');
  await again.delete();
  await assert.rejects(waldo.deleteCursor('a'), withCode('WALDO_NOT_FOUND', /there is no cursor a/));
});

test('a cursor of another ring is refused', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  await (await waldo.durableCursor('a')).close();
  const other = await space.open(SMALL, join(space.path, 'other'));
  cpSync(join(space.ring, 'cursors'), join(space.path, 'other', 'cursors'), { recursive: true });
  await assert.rejects(other.durableCursor('a'), withCode('WALDO_CURSOR', /belongs to another ring/));
  assert.equal(other.metadata().cursors[0]!.damaged, true);
  await other.deleteCursor('a');
  await other.durableCursor('a');
});
