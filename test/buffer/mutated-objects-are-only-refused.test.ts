import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBatch } from '../../src/buffer/batch.js';
import { Manifest } from '../../src/buffer/manifest.js';
import { dumpManifest } from '../../src/buffer/manifest-dump.js';
import { WaldoError } from '../../src/errors.js';
import { fixtures } from './support/fixtures.js';

const MAX_BYTES = 64 * 1024;
const EXPECTED = ['WALDO_CORRUPT', 'WALDO_VERSION', 'WALDO_EXCEEDS_LIMIT'];

const INTERESTING = [0, 1, 255, 256, 2 ** 16 - 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
/** One change: a place, as a part of the object's length, and what happens there. */
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('flip', 'word', 'cut', 'insert', 'repeat'),
  value: fc.oneof(fc.constantFrom(...INTERESTING), fc.nat(255)),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never;

function mutate(bytes: Buffer, { at, kind, value }: Mutation): Buffer {
  const place = Math.min(bytes.length, Math.floor(at * bytes.length));
  const [head, tail] = [bytes.subarray(0, place), bytes.subarray(place)];
  const word = Buffer.alloc(4);
  word.writeUInt32LE(value);
  switch (kind) {
    case 'cut':
      return Buffer.concat([head, tail.subarray(value)]);
    case 'insert':
      return Buffer.concat([head, word, tail]);
    case 'repeat':
      return Buffer.concat([head, head.subarray(-(value % 64)), tail]);
    case 'word':
      return Buffer.concat([head, word, tail.subarray(4)]);
    default: {
      const flipped = Buffer.from(bytes);
      if (place < flipped.length) flipped[place]! ^= 1 << (value & 7);
      return flipped;
    }
  }
}

const stores = fixtures();
const batches = stores.flatMap((store) => store.batches.map(({ location }) => store.object(location)));
const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });

function isExpected(error: unknown): void {
  assert.ok(error instanceof WaldoError, String(error));
  assert.ok(EXPECTED.includes(error.code), error.message);
  assert.equal(error.object, 'mutant');
}

test('a batch that was changed somewhere is read within the limits, or refused', async () => {
  const seeds = fc.constantFrom(...batches);
  await fc.assert(
    fc.asyncProperty(seeds, mutations, async (seed, changes) => {
      try {
        const records = await decodeBatch(changes.reduce(mutate, seed), 'mutant', { maxBytes: MAX_BYTES });
        const bytes = records.reduce((sum, record) => sum + 4 + record.length, 0);
        assert.ok(bytes <= MAX_BYTES);
      } catch (error) {
        isExpected(error);
      }
    }),
    { numRuns: 3000 },
  );
});

test('a manifest that was changed somewhere is read as what it is, or refused', () => {
  const seeds = fc.constantFrom(...stores.map(({ manifest }) => manifest));
  fc.assert(
    fc.property(seeds, mutations, fc.nat(12), (seed, changes, sequence) => {
      const bytes = changes.reduce(mutate, seed);
      try {
        const manifest = Manifest.parse(bytes, 'mutant');
        manifest.firstSequence();
        manifest.entryAt(sequence);
        manifest.removeThrough(sequence);
        for (const _ of dumpManifest(manifest.append([{ location: 'a', metadata: [] }]).withEpoch(1n)));
        const again = Manifest.fromEntries([...manifest.entries()], manifest.nextSequence, manifest.epoch);
        assert.deepEqual(again.bytes, bytes);
      } catch (error) {
        isExpected(error);
      }
    }),
    { numRuns: 3000 },
  );
});
