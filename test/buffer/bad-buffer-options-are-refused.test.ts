import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Consumer, collectGarbage, Producer } from '../../src/buffer/index.js';
import { MemoryObjectStore } from '../../src/buffer/object-store/memory.js';

const store = new MemoryObjectStore();

test('options are named with what they accept and what they got', async () => {
  const refused: readonly (readonly [object, RegExp])[] = [
    [{}, /option store: expected an ObjectStore/],
    [{ store, flushInterval: -1 }, /option flushInterval: expected a number from 0 to 2147483647/],
    [{ store, flushSizeBytes: 0 }, /option flushSizeBytes: expected an integer from 1 to 1073741824/],
    [
      { store, batchCompression: 'gzip' },
      /option batchCompression: expected 'none' or 'zstd'; received 'gzip'/,
    ],
    [{ store, maxConcurrentUploads: 65 }, /option maxConcurrentUploads: .* received 65/],
    [
      { store, manifestPath: '../manifest' },
      /option manifestPath: expected a key: .* received '..\/manifest'/,
    ],
    [{ store, manifestpath: 'x' }, /Producer.open has no option 'manifestpath'; did you mean manifestPath/],
  ];
  for (const [options, message] of refused) {
    await assert.rejects(Producer.open(options as never), { code: 'WALDO_OPTION', message });
  }
  await assert.rejects(Consumer.open({ store, prefetch: 0 }), { code: 'WALDO_OPTION', option: 'prefetch' });
  await assert.rejects(Consumer.open({ store, limits: { maxBytes: 0 } }), { option: 'limits.maxBytes' });
  await assert.rejects(collectGarbage({ store, gracePeriod: -1 }), { option: 'gracePeriod' });
});

test('entries that are none are refused', async () => {
  const producer = await Producer.open({ store });
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [[], /at least one entry; received none/],
    ['text', /expects an array, or another iterable, of entries; received 'text'/],
    [[1], /entry 0 is neither a string nor a Uint8Array; received 1/],
  ];
  for (const [entries, message] of refused) {
    await assert.rejects(producer.produce(entries as never), { code: 'WALDO_INVALID_ARGUMENT', message });
  }
  await producer.close();
});
