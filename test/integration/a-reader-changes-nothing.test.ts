import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cursor, type PageMetadata, Waldo } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { entriesAfter } from './support/logs.js';
import { assertSame } from './support/model.js';
import { Script } from './support/script.js';
import { SMALL, Workspace } from './support/workspace.js';

/** Everything about a directory that a reader could change, access times aside. */
function stateOf(directory: string) {
  return readdirSync(directory).map((name) => {
    const file = join(directory, name);
    const { ino, mode, size, mtimeNs } = statSync(file, { bigint: true });
    return { name, ino, mode, size, mtimeNs, contents: readFileSync(file).toString('latin1') };
  });
}

test('it reads the same logs as the writer before it, and changes nothing', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  for (let i = 0; i < 300; i++) waldo.appendSync([`${i}`.padEnd(i * 3, '.'), Buffer.alloc(i)]);
  const written = await entriesAfter(waldo, Cursor.trim());
  const { ringId, afterSeqNo, pages } = waldo.metadata();
  await waldo.close();

  const before = stateOf(space.ring);
  const reader = await space.openReader();
  const metadata = reader.metadata();
  assert.deepEqual(
    [metadata.ringId, metadata.afterSeqNo, metadata.logCount],
    [ringId, afterSeqNo, written.length],
  );
  const withoutIndex = (page: PageMetadata) => ({ ...page, indexCount: 0 });
  assert.deepEqual(metadata.pages.map(withoutIndex), pages.map(withoutIndex));
  assert.equal(reader.prevSeqNo, written.at(-1)!.seqNo);
  assertSame(await entriesAfter(reader, Cursor.trim()), written);
  assert.deepEqual((await reader.verify()).problems, []);
  await reader.close();
  assert.deepEqual(stateOf(space.ring), before);
});

test('after a crash it passes over what is torn, and leaves the repair to the next writer', async (t) => {
  const space = new Workspace(t);
  const script = new Script('append-until-killed', [space.ring, 1, 'auto']);
  while (script.lines.length < 200) await script.expectLine();
  await script.kill();
  const before = stateOf(space.ring);
  const reader = await space.openReader();
  const read = await entriesAfter(reader, Cursor.trim());
  await reader.close();
  assert.deepEqual(stateOf(space.ring), before);
  const waldo = await space.open();
  assertSame(await entriesAfter(waldo, Cursor.trim()), read);
});

test('many readers do not disturb one another, or a writer to come', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  for (let i = 0; i < 100; i++) waldo.appendSync(['x'.repeat(500)]);
  const written = await entriesAfter(waldo, Cursor.trim());
  await waldo.close();
  const readers = await Promise.all(Array.from({ length: 10 }, () => space.openReader({ cacheBytes: 0 })));
  const reads = readers.map((reader) => entriesAfter(reader, Cursor.trim()));
  for (const read of await Promise.all(reads)) assertSame(read, written);
  const writer = await space.open();
  assert.equal(await writer.append(['y']), 101);
});

test('its tail waits until it is closed', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  await waldo.append(['a']);
  await waldo.close();
  const reader = await space.openReader();
  const tail = reader.tail(Cursor.trim());
  assert.equal((await tail.next()).value!.length, 1);
  const next = tail.next();
  await reader.close();
  assert.equal((await next).done, true);
  assert.throws(() => reader.query(Cursor.trim()), withCode('WALDO_CLOSED'));
});

test('a directory without a ring, empty or missing, is named, and stays so', async (t) => {
  const space = new Workspace(t);
  await assert.rejects(space.openReader(), withCode('WALDO_NOT_FOUND', /no ring in .*\/ring$/));
  assert.deepEqual(readdirSync(space.path), []);
  const empty = space.directory('empty');
  await assert.rejects(Waldo.openReader(empty), withCode('WALDO_NOT_FOUND', /no ring in .*\/empty$/));
  assert.deepEqual(readdirSync(empty), []);
});

test('an empty ring is read as one', async (t) => {
  const space = new Workspace(t);
  await (await space.open(SMALL)).close();
  const reader = await space.openReader();
  assert.deepEqual([reader.prevSeqNo, reader.metadata().logCount], [undefined, 0]);
  assert.deepEqual(await entriesAfter(reader, Cursor.trim()), []);
});
