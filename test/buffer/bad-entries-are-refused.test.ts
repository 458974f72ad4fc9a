import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLocation, Manifest, type MetadataItem } from '../../src/buffer/manifest.js';

const item: MetadataItem = { startIndex: 0, ingestionTimeMs: 0, payload: Buffer.alloc(0) };
const append = (location: unknown, ...metadata: unknown[]) =>
  Manifest.empty.append([{ location, metadata } as never]);

test('a manifest takes locations of 1 to 65,535 bytes', () => {
  for (const location of ['a', 'é'.repeat(32_767), 'a'.repeat(65_535)]) {
    assert.equal(append(location).entryAt(0)?.location, location);
  }
  assert.throws(() => append('a'.repeat(65_536)), { code: 'WALDO_EXCEEDS_LIMIT', message: /received 65536/ });
  assert.throws(() => append('é'.repeat(32_768)), { code: 'WALDO_EXCEEDS_LIMIT', message: /received 65536/ });
  for (const location of ['', 'half a pair \ud800', 5, undefined]) {
    assert.throws(() => append(location), { code: 'WALDO_INVALID_ARGUMENT', message: /a location is/ });
  }
});

test('metadata is what it has to be', () => {
  const most = { ...item, startIndex: 2 ** 32 - 1, ingestionTimeMs: Number.MIN_SAFE_INTEGER };
  assert.deepEqual(append('a', most).entryAt(0)?.metadata, [most]);
  for (const startIndex of [-1, 0.5, 2 ** 32, '0']) {
    assert.throws(
      () => append('a', { ...item, startIndex }),
      /startIndex is an integer from 0 to 4294967295/,
    );
  }
  for (const ingestionTimeMs of [0.5, 2 ** 53, undefined, 1n]) {
    assert.throws(() => append('a', { ...item, ingestionTimeMs }), /ingestionTimeMs is an integer/);
  }
  assert.throws(() => append('a', { ...item, payload: 'text' }), /a metadata payload is a Uint8Array/);
});

test('entries that are given their sequences ascend', () => {
  const entry = (sequence: number) => ({ sequence, location: 'a', metadata: [] });
  const bytes = Manifest.fromEntries([entry(3), entry(7)], 9, 1n).bytes;
  assert.deepEqual(
    Array.from(Manifest.parse(bytes, 'a').entries(), ({ sequence }) => sequence),
    [3, 7],
  );
  for (const sequences of [[3, 3], [7, 3], [9], [-1], [0.5]]) {
    assert.throws(() => Manifest.fromEntries(sequences.map(entry), 9, 1n), {
      code: 'WALDO_INVALID_ARGUMENT',
    });
  }
  assert.throws(() => Manifest.fromEntries([], 2 ** 53, 1n), { code: 'WALDO_INVALID_ARGUMENT' });
  for (const epoch of [-1n, 2n ** 64n, 1]) {
    assert.throws(() => Manifest.empty.withEpoch(epoch as bigint), /an epoch is a bigint from 0 to/);
  }
});

test('a location that leads out of the store is named, with its manifest and entry', () => {
  const entryOf = (location: string) => append(location).entryAt(0)!;
  for (const location of [
    '../secret',
    'a/../../b',
    '/etc/passwd',
    'a//b',
    'a/./b',
    'C:\\b',
    'a\0b',
    'a\nb',
    'é',
  ]) {
    assert.throws(() => checkLocation(entryOf(location), 's3://logs/ingest/manifest'), {
      code: 'WALDO_CORRUPT',
      object: 's3://logs/ingest/manifest',
      message: /^s3:\/\/logs\/ingest\/manifest: the location of entry 0 cannot be used: [^\n\0]*$/,
    });
  }
  for (const location of ['ingest/01ARZ3NDEKTSV4RRFFQ69G5FAV.batch', 'batches/batch-001', 'part_1~2.bin']) {
    checkLocation(entryOf(location), 'manifest');
  }
});
