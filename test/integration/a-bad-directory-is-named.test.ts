import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Waldo } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { Script } from './support/script.js';
import { SMALL, Workspace } from './support/workspace.js';

test('it is a file', async (t) => {
  const space = new Workspace(t);
  writeFileSync(space.ring, 'a file');
  await assert.rejects(
    space.open(),
    withCode('WALDO_IO', /\/ring: .*not a directory \(ENOTDIR\)/, { errnoName: 'ENOTDIR', path: space.ring }),
  );
  await assert.rejects(space.openReader(), withCode('WALDO_IO', /\/ring\/.*ENOTDIR/));
});

test('something in its path is a file', async (t) => {
  const space = new Workspace(t);
  writeFileSync(join(space.path, 'file'), '');
  const directory = join(space.path, 'file', 'ring');
  const message = /\/file\/ring.*ENOTDIR/;
  await assert.rejects(space.open(SMALL, directory), withCode('WALDO_IO', message));
  await assert.rejects(space.openReader({}, directory), withCode('WALDO_IO', message));
});

test('its parent is missing: it is not made, for that is more likely a mistake', async (t) => {
  const space = new Workspace(t);
  const directory = join(space.path, 'missing', 'ring');
  const named = withCode('WALDO_IO', /mkdir .*\/missing\/ring: no such file or directory \(ENOENT\)/, {
    errnoName: 'ENOENT',
    syscall: 'mkdir',
    path: directory,
  });
  await assert.rejects(space.open(SMALL, directory), named);
  assert.equal(existsSync(join(space.path, 'missing')), false);
  await assert.rejects(space.openReader({}, directory), withCode('WALDO_NOT_FOUND'));
});

test('it is a link that leads nowhere, or round and round', async (t) => {
  const space = new Workspace(t);
  symlinkSync('nowhere', join(space.path, 'dangling'));
  symlinkSync('loop', join(space.path, 'loop'));
  for (const name of ['dangling', 'loop']) {
    const directory = join(space.path, name);
    await assert.rejects(space.open(SMALL, directory), withCode('WALDO_IO', new RegExp(`/${name}\\b`)));
    assert.deepEqual(readdirSync(space.path).sort(), ['dangling', 'loop']);
  }
});

test('its name is too long', async (t) => {
  const space = new Workspace(t);
  const directory = join(space.path, 'x'.repeat(300));
  await assert.rejects(space.open(SMALL, directory), withCode('WALDO_IO', /ENAMETOOLONG/));
  await assert.rejects(space.openReader({}, directory), withCode('WALDO_IO', /ENAMETOOLONG/));
});

test('it is no path', async () => {
  for (const directory of ['', 'a\0b', undefined, 7, Buffer.from('/tmp')]) {
    const path = directory as string;
    await assert.rejects(
      Waldo.open(path),
      withCode('WALDO_INVALID_ARGUMENT', /directory is a path; received/),
    );
    await assert.rejects(Waldo.openReader(path), withCode('WALDO_INVALID_ARGUMENT'));
  }
});

/** What somebody without rights in a directory is told. Root has them all, and becomes somebody else. */
async function refusedIn(space: Workspace, directory: string): Promise<Record<string, string>> {
  chmodSync(space.path, 0o755);
  const script = new Script('open-without-rights', [space.path, directory]);
  const { code, stderr } = await script.ended;
  assert.equal(code, 0, stderr);
  return JSON.parse(script.lines[0]!);
}

test('it may not be made', async (t) => {
  const space = new Workspace(t);
  mkdirSync(join(space.path, 'parent'), { mode: 0o555 });
  const { open, openReader } = await refusedIn(space, join(space.path, 'parent', 'ring'));
  assert.match(open!, /^WALDO_IO mkdir .*\/parent\/ring: permission denied \(EACCES\)$/);
  assert.match(openReader!, /^WALDO_NOT_FOUND/);
});

test('it may not be written to', async (t) => {
  const space = new Workspace(t);
  mkdirSync(space.ring, { mode: 0o555 });
  const { open, openReader } = await refusedIn(space, space.ring);
  assert.match(open!, /^WALDO_IO open .*\/ring\/LOCK: permission denied \(EACCES\)$/);
  assert.match(openReader!, /^WALDO_NOT_FOUND/);
});

test('its files may only be read: a reader reads them', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, mode: 0o644 });
  await waldo.append(['a']);
  await waldo.close();
  for (const name of readdirSync(space.ring)) chmodSync(join(space.ring, name), 0o444);
  chmodSync(space.ring, 0o555);
  const { open, openReader } = await refusedIn(space, space.ring);
  chmodSync(space.ring, 0o755);
  assert.match(open!, /^WALDO_IO open .*\/ring\/LOCK: permission denied \(EACCES\)$/);
  assert.equal(openReader, 'open, 1 log');
});

test("its files are nobody else's business", async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  await waldo.close();
  if (process.getuid?.() !== 0) return t.skip('only root can become somebody else');
  const { open, openReader } = await refusedIn(space, space.ring);
  assert.match(open!, /EACCES/);
  assert.match(openReader!, /EACCES/);
});
