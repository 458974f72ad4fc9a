import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LocalObjectStore, RingConsumer } from '../../src/buffer/index.js';
import { Manifest } from '../../src/buffer/manifest.js';
import type { Entry } from '../integration/support/logs.js';
import { Workspace } from '../integration/support/workspace.js';
import { withCode } from '../support/rings.js';
import { goldenStores } from './support/golden.js';
import { summaryOf } from './support/observed.js';

const MANIFEST = 'ingest/manifest';
/** The version is the last field of a batch's footer and of a manifest's. */
const setVersion = (file: string, version: number) => {
  const bytes = readFileSync(file);
  bytes.writeUInt16LE(version, bytes.length - 2);
  writeFileSync(file, bytes);
};

async function consume(directory: string): Promise<{ entries: Entry[]; rings: Set<string> }> {
  await using consumer = await RingConsumer.open({ store: new LocalObjectStore(directory) });
  const entries: Entry[] = [];
  const rings = new Set<string>();
  for await (const batch of consumer.batches({ follow: false })) {
    assert.equal(batch.gap, undefined);
    rings.add(batch.ringId);
    for (const { seqNo, prevSeqNo, data } of batch.logs) entries.push({ seqNo, prevSeqNo, data });
  }
  return { entries, rings };
}

for (const { name, recorded, restore } of goldenStores()) {
  test(`${name}: each log comes with its number`, async (t) => {
    const directory = restore(new Workspace(t));
    const manifest = Manifest.parse(readFileSync(join(directory, MANIFEST)), MANIFEST);
    assert.equal(manifest.nextSequence, recorded.nextSequence);
    assert.equal([...manifest.entries()].length, recorded.batches);
    const { entries, rings } = await consume(directory);
    assert.deepEqual([...rings], [recorded.ringId]);
    assert.deepEqual(summaryOf(entries), recorded.logs);
  });

  test(`${name}: a manifest of the next version is refused`, async (t) => {
    const directory = restore(new Workspace(t));
    setVersion(join(directory, MANIFEST), recorded.format + 1);
    await assert.rejects(consume(directory), withCode('WALDO_VERSION', /ingest\/manifest .*version 2/));
  });

  test(`${name}: a batch of the next version is refused`, async (t) => {
    const directory = restore(new Workspace(t));
    for (const file of readdirSync(join(directory, 'ingest')).filter((file) => file.endsWith('.batch')))
      setVersion(join(directory, 'ingest', file), recorded.format + 1);
    await assert.rejects(consume(directory), withCode('WALDO_VERSION', /\.batch .*version 2/));
  });
}
