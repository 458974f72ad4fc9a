import assert from 'node:assert/strict';
import { Manifest, type ManifestEntry } from '../../../src/buffer/manifest.js';
import { dumpManifest } from '../../../src/buffer/manifest-dump.js';
import type { Random } from '../../buffer/campaign/random.js';
import { fixtures } from '../../buffer/support/fixtures.js';
import { accepts, OBJECT } from './expected.js';
import { putNumber, TELLING } from './mutate.js';
import { MAX_INPUT_BYTES, type Target } from './target.js';

const FOOTER_BYTES = 22;

/** What users of a manifest do with it. */
function use(bytes: Buffer): void {
  const manifest = Manifest.parse(bytes, OBJECT);
  const entries: ManifestEntry[] = [...manifest.entries()];
  assert.equal(entries.length, manifest.entryCount);
  manifest.firstSequence();
  for (const sequence of [0, entries[0]?.sequence ?? 5, manifest.nextSequence]) {
    if (sequence > Number.MAX_SAFE_INTEGER) continue;
    manifest.entryAt(sequence);
    for (const _ of manifest.removeThrough(sequence).manifest.entries());
  }
  const again = Manifest.fromEntries(entries, manifest.nextSequence, manifest.epoch);
  assert.deepEqual(again.bytes, bytes);
  const epoch = manifest.epoch === 2n ** 64n - 1n ? 0n : manifest.epoch + 1n;
  const changed = manifest.withEpoch(epoch).append([{ location: 'a', metadata: [] }]);
  assert.equal(changed.entryCount, manifest.entryCount + 1);
  JSON.parse([...dumpManifest(changed)].join(''));
}

/** A number in one of the entries, or in the footer, becomes a telling one; lengths are then the rest's, maybe. */
function retold(input: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(input);
  const footer = bytes.length - FOOTER_BYTES;
  if (footer < 0) return bytes;
  let count = 0;
  const starts: number[] = [];
  for (let at = 0; at + 4 <= footer; count++) {
    starts.push(at);
    at += 4 + bytes.readUInt32LE(at);
  }
  const field = random.between(0, 5);
  const start = starts.length > 0 ? random.pick(starts) : 0;
  const value = random.pick(TELLING);
  if (field === 0) putNumber(bytes, start, 4, value);
  if (field === 1) putNumber(bytes, start + 4, 8, value);
  if (field === 2) putNumber(bytes, start + 12, 2, value);
  if (field === 3) putNumber(bytes, footer + 4, 8, value);
  if (field === 4) putNumber(bytes, footer + 12, 8, value);
  if (field === 5 || random.chance(0.5)) putNumber(bytes, footer, 4, BigInt(count));
  if (random.chance(0.7)) putNumber(bytes, footer + 20, 2, 1n);
  return bytes;
}

/** Manifests, as an object store may hand them out. */
export const manifestTarget: Target = {
  name: 'manifest',
  seeds() {
    const item = { startIndex: 0, ingestionTimeMs: -1, payload: Buffer.from('payload') };
    const entry = { location: 'ingest/a', metadata: [item, { ...item, startIndex: 2 ** 32 - 1 }] };
    const made = Manifest.empty.append([entry, { location: 'ë', metadata: [] }]).withEpoch(7n);
    const gap = Manifest.fromEntries(
      [{ ...entry, sequence: 2 ** 53 - 3 }] as never,
      2 ** 53 - 2,
      2n ** 64n - 1n,
    );
    const stored = fixtures().map(({ manifest }) => manifest);
    const small = stored.filter(({ length }) => length <= MAX_INPUT_BYTES);
    return [Manifest.empty.bytes, made.bytes, gap.bytes, ...small];
  },
  mutate: retold,
  async run(input) {
    await accepts(() => use(input));
  },
};
