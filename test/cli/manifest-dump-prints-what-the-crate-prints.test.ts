import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cli, ringDirectory } from '../support/cli.js';

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/opendata/', import.meta.url));

for (const name of ['plain', 'many-metadata-items', 'dequeued', 'drained']) {
  test(`a manifest that the crate has written is dumped as it dumps it: ${name}`, async () => {
    const expected = JSON.parse(readFileSync(join(FIXTURES, name, 'manifest.json'), 'utf8'));
    const store = join(FIXTURES, name, 'objects');
    for (const source of [store, join(store, 'ingest/manifest'), `file://${store}`]) {
      const { code, stdout, stderr } = await cli(['manifest', 'dump', source]);
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(JSON.parse(stdout.toString()), expected);
    }
  });
}

test('what the crate has produced is consumed', async () => {
  const lines = readFileSync(join(FIXTURES, 'zstd/batches.jsonl'), 'utf8').split('\n').filter(Boolean);
  const entries: string[] = lines.flatMap((line) => JSON.parse(line).entries_base64);
  const expected = entries.map((entry) => `${Buffer.from(entry, 'base64').toString('latin1')}\n`).join('');
  const { code, stdout, stderr } = await cli(['consume', join(FIXTURES, 'zstd/objects')]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(stdout.toString('latin1'), expected);
});

test('a damaged manifest exits with 3, and nothing of it is printed', async (t) => {
  const store = ringDirectory(t);
  mkdirSync(dirname(store), { recursive: true });
  cpSync(join(FIXTURES, 'plain/objects'), store, { recursive: true });
  const path = join(store, 'ingest/manifest');
  const bytes = readFileSync(path);
  const entry = bytes.readUInt32LE(0) + 4;
  bytes.writeUInt32LE(0xffff_ffff, entry < bytes.length - 22 ? entry : 0);
  writeFileSync(path, bytes);
  for (const args of [
    ['manifest', 'dump', path],
    ['manifest', 'dump', store],
    ['consume', store],
    ['gc', store],
  ]) {
    const { code, stdout, stderr } = await cli(args);
    assert.deepEqual([code, stdout.length], [3, 0], stderr);
    assert.match(stderr, /^waldo: .*manifest is damaged at offset \d+: .*\n$/);
  }
});

test('where there is no manifest, that is said', async (t) => {
  const store = ringDirectory(t);
  for (const args of [
    ['manifest', 'dump', `file://${store}`],
    ['consume', store],
    ['consume', store, '--ack'],
    ['gc', store],
  ]) {
    const { code, stdout, stderr } = await cli(args);
    assert.deepEqual([code, stdout.length], [1, 0], stderr);
    assert.match(stderr, /^waldo: there is no manifest file:.*\/ring\/ingest\/manifest: .*wrong\n$/);
  }
});
