import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stayAlive } from './support/stay-alive.js';
import { Workspace } from './support/workspace.js';

test('a cursor beside the writer can be committed as soon as a log is delivered', async (t) => {
  stayAlive(t);
  const space = new Workspace(t);
  const waldo = await space.open();
  const reader = await space.openReader();
  const cursor = await reader.durableCursor('fast');
  waldo.appendSync(['first']);
  const stream = cursor.tail();
  for (let i = 0; i < 300; i++) {
    // What is read from the disk goes beyond what the reader has been told of.
    const next = stream.next();
    waldo.appendSync(['one', 'more']);
    const { value: logs } = await next;
    await cursor.commit(logs!.lastSeqNo);
    assert.equal(cursor.position, logs!.lastSeqNo);
  }
  await stream.return();
});
