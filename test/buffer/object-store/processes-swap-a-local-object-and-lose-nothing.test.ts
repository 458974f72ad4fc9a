import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { LocalObjectStore } from '../../../src/buffer/object-store/local.js';
import { Script } from '../../integration/support/script.js';
import { Workspace } from '../../integration/support/workspace.js';

test('two processes increment one object a thousand times each', async (t) => {
  const directory = join(new Workspace(t).path, 'store');
  const scripts = [1, 2].map(() => new Script('increment-object', [directory, 'a/counter', 1000]));
  for (const script of scripts) {
    const { code, stderr } = await script.ended;
    assert.equal(code, 0, stderr);
  }
  const { body } = await new LocalObjectStore(directory).get('a/counter');
  assert.equal(body.toString(), '2000');
});

test('stores of one process do not get in each other’s way either', async (t) => {
  const directory = join(new Workspace(t).path, 'store');
  const stores = Array.from({ length: 8 }, () => new LocalObjectStore(directory));
  await stores[0]!.putIfAbsent('counter', Buffer.from('0'));
  await Promise.all(
    stores.map(async (store) => {
      for (let done = 0; done < 25; ) {
        const { body, version } = await store.get('counter');
        const next = Buffer.from(String(Number(body) + 1));
        await store.putIfMatch('counter', next, version).then(
          () => done++,
          (error) => assert.equal(error.code, 'WALDO_PRECONDITION', error.stack),
        );
      }
    }),
  );
  assert.equal((await stores[0]!.get('counter')).body.toString(), '200');
});
