import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryObjectStore } from '../../../src/buffer/object-store/memory.js';
import { probeConditionalWrites } from '../../../src/buffer/object-store/probe.js';
import { preconditionFailed, storeFailed } from '../../../src/buffer/object-store/store-errors.js';
import { withCode } from '../../support/rings.js';

async function keysOf(store: MemoryObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

const refused = (message: RegExp) => withCode('WALDO_UNSUPPORTED', message, { object: 'memory:probed' });

test('a store that keeps its promise passes, and nothing stays behind', async () => {
  const store = new MemoryObjectStore('probed');
  await probeConditionalWrites(store);
  assert.deepEqual(await keysOf(store), []);
});

test('one that creates what is there is refused', async () => {
  const store = new (class extends MemoryObjectStore {
    override async putIfAbsent(key: string, body: Uint8Array) {
      await this.delete([key]);
      return super.putIfAbsent(key, body);
    }
  })('probed');
  await assert.rejects(
    probeConditionalWrites(store),
    refused(/memory:probed cannot hold a manifest.*does not refuse to create an object that is there/),
  );
  assert.deepEqual(await keysOf(store), []);
});

test('one that replaces whatever is there is refused', async () => {
  const store = new (class extends MemoryObjectStore {
    override async putIfMatch(key: string, body: Uint8Array) {
      return super.putIfMatch(key, body, (await this.get(key)).version);
    }
  })('probed');
  await assert.rejects(probeConditionalWrites(store), refused(/to replace an object of another version/));
  assert.deepEqual(await keysOf(store), []);
});

test('one that never replaces is refused', async () => {
  const store = new (class extends MemoryObjectStore {
    override async putIfMatch(key: string): Promise<string> {
      throw preconditionFailed(key, 'never');
    }
  })('probed');
  await assert.rejects(probeConditionalWrites(store), refused(/it refuses to replace/));
});

test('one whose versions stay the same is refused', async () => {
  const store = new (class extends MemoryObjectStore {
    override async putIfMatch(key: string, body: Uint8Array, version: string) {
      await super.putIfMatch(key, body, version);
      return version;
    }
  })('probed');
  await assert.rejects(
    probeConditionalWrites(store),
    refused(/two states of an object have the same version/),
  );
});

test('one that cannot be reached is not judged', async () => {
  const failure = storeFailed('memory:probed', 'nobody answers', { retryable: true });
  const store = new (class extends MemoryObjectStore {
    override async putIfAbsent(): Promise<string> {
      throw failure;
    }
    override async delete(): Promise<never> {
      throw failure;
    }
  })('probed');
  await assert.rejects(probeConditionalWrites(store), failure);
});
