import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBatch, encodeBatch } from '../../src/buffer/batch.js';
import { Manifest } from '../../src/buffer/manifest.js';
import { dumpManifest } from '../../src/buffer/manifest-dump.js';
import { fixtures } from './support/fixtures.js';

for (const { name, manifest, dump, batches, object } of fixtures()) {
  test(`the crate's manifest is read as it reads it, and written as it writes it: ${name}`, () => {
    const parsed = Manifest.parse(manifest, name);
    assert.deepEqual(JSON.parse([...dumpManifest(parsed)].join('')), dump);
    const again = Manifest.fromEntries([...parsed.entries()], parsed.nextSequence, parsed.epoch);
    assert.deepEqual(again.bytes, manifest);
  });

  test(`the crate's batches are read as it reads them: ${name}`, async () => {
    for (const { location, entries_base64: entries } of batches) {
      const bytes = object(location);
      const records = await decodeBatch(bytes, location);
      assert.deepEqual(
        records.map((record) => record.toString('base64')),
        entries,
      );
      if (bytes.at(-7) === 0) assert.deepEqual(await encodeBatch(records, 'none'), bytes);
    }
  });
}
