import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LocalObjectStore } from '../../../src/buffer/object-store/local.js';
import { Workspace } from '../../integration/support/workspace.js';
import { withCode } from '../../support/rings.js';

const body = Buffer.from('body');

function localStore(t: TestContext) {
  const { path } = new Workspace(t);
  const directory = join(path, 'store');
  return { path, directory, store: new LocalObjectStore(directory) };
}

test('others find an object as a file, with modes that the umask does not change', async (t) => {
  const { directory, store } = localStore(t);
  const umask = process.umask(0o777);
  try {
    await store.putIfAbsent('a/b/c', body);
  } finally {
    process.umask(umask);
  }
  assert.deepEqual(readFileSync(join(directory, 'a', 'b', 'c')), body);
  const mode = (...names: string[]) => (statSync(join(directory, ...names)).mode & 0o777).toString(8);
  assert.deepEqual([mode(), mode('a'), mode('a', 'b'), mode('a', 'b', 'c')], ['700', '700', '700', '600']);
  assert.deepEqual([mode('.waldo'), mode('.waldo', 'tmp')], ['700', '700']);
});

test('a store that is only read makes nothing', async (t) => {
  const { directory, store } = localStore(t);
  await assert.rejects(store.get('a'), withCode('WALDO_NOT_FOUND'));
  for await (const _ of store.list('')) assert.fail('there is nothing');
  assert.deepEqual(await store.delete(['a']), []);
  assert.equal(existsSync(directory), false);
});

test('symbolic links are followed by no verb', async (t) => {
  const { path, directory, store } = localStore(t);
  const version = await store.putIfAbsent('inside', body);
  mkdirSync(join(path, 'outside'));
  writeFileSync(join(path, 'outside', 'file'), 'secret');
  symlinkSync(join(path, 'outside'), join(directory, 'link'));
  symlinkSync(join(path, 'outside', 'file'), join(directory, 'file'));
  symlinkSync(join(path, 'nowhere'), join(directory, 'dangling'));
  const refused = withCode('WALDO_STORE', /symbolic link/, { retryable: false });
  for (const key of ['link/file', 'link/new', 'file', 'dangling']) {
    await assert.rejects(store.get(key), refused, key);
    await assert.rejects(store.putIfAbsent(key, body), refused);
    await assert.rejects(store.putIfMatch(key, body, version), refused);
    assert.deepEqual(
      (await store.delete([key])).map((failure) => failure.key),
      [key],
    );
  }
  const found: string[] = [];
  for (const prefix of ['', 'link/']) for await (const { key } of store.list(prefix)) found.push(key);
  assert.deepEqual(found, ['inside']);
  assert.equal(readFileSync(join(path, 'outside', 'file'), 'utf8'), 'secret');
  assert.equal(existsSync(join(path, 'outside', 'new')), false);
});

test('what is no file is refused and not waited for', async (t) => {
  const { directory, store } = localStore(t);
  await store.putIfAbsent('a/b', body);
  execFileSync('mkfifo', [join(directory, 'fifo')]);
  const refused = withCode('WALDO_STORE', /no plain file/, { retryable: false });
  await assert.rejects(store.get('fifo'), refused);
  await assert.rejects(store.putIfAbsent('fifo', body), refused);
  await assert.rejects(store.get('a'), withCode('WALDO_NOT_FOUND'));
  const directoryThere = withCode('WALDO_STORE', /a: there is a directory, for objects below it/);
  await assert.rejects(store.putIfAbsent('a', body), directoryThere);
  const fileOnTheWay = withCode('WALDO_STORE', /a part of its path is an object itself/);
  await assert.rejects(store.putIfAbsent('a/b/c', body), fileOnTheWay);
  await assert.rejects(store.get('a/b/c'), withCode('WALDO_NOT_FOUND'));
});

test('the store’s own folder is nobody’s key, and no way out', async (t) => {
  const { path, directory, store } = localStore(t);
  await store.putIfAbsent('a', body);
  for (const key of ['.waldo', '.waldo/tmp/x', '.waldo/locks/0']) {
    await assert.rejects(store.get(key), withCode('WALDO_INVALID_ARGUMENT', /the store's own/));
    await assert.rejects(store.putIfAbsent(key, body), withCode('WALDO_INVALID_ARGUMENT'));
  }
  for await (const _ of store.list('.waldo/')) assert.fail('it is not listed');
  rmSync(join(directory, '.waldo'), { recursive: true });
  symlinkSync(path, join(directory, '.waldo'));
  const other = new LocalObjectStore(directory);
  await assert.rejects(other.putIfAbsent('b', body), withCode('WALDO_STORE', /symbolic link/));
});

test('segments longer than a file’s name are refused by their length', async (t) => {
  const { store } = localStore(t);
  await assert.rejects(
    store.putIfAbsent(`a/${'b'.repeat(256)}`, body),
    withCode('WALDO_INVALID_ARGUMENT', /at most 255 characters; received one of 256/),
  );
  await store.putIfAbsent(`a/${'b'.repeat(255)}`, body);
});

test('a store whose folder is removed goes on', async (t) => {
  const { directory, store } = localStore(t);
  await store.putIfAbsent('a/b', body);
  rmSync(directory, { recursive: true });
  const version = await store.putIfAbsent('a/b', body);
  await store.putIfMatch('a/b', body, version);
});

test('states of the same length in the same instant have versions of their own', async (t) => {
  const { store } = localStore(t);
  const versions = new Set<string>();
  let version = await store.putIfAbsent('x', body);
  for (let i = 0; i < 100; i++) {
    versions.add(version);
    version = await store.putIfMatch('x', body, version);
    if (i % 10 !== 0) continue;
    versions.add(version);
    await store.delete(['x']);
    version = await store.putIfAbsent('x', body);
  }
  versions.add(version);
  assert.equal(versions.size, 111);
});
