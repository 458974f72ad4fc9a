import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Manifest, type ManifestEntry, type NewEntry } from '../../src/buffer/manifest.js';

const item = fc.record({
  startIndex: fc.nat(0xffff_ffff),
  ingestionTimeMs: fc.maxSafeInteger(),
  payload: fc.uint8Array({ maxLength: 30 }),
});
const entry: fc.Arbitrary<NewEntry> = fc.record({
  location: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
  metadata: fc.array(item, { maxLength: 4 }),
});
const step = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), entries: fc.array(entry, { maxLength: 5 }) }),
  fc.record({ kind: fc.constant('remove' as const), count: fc.integer({ min: -1, max: 8 }) }),
  fc.record({ kind: fc.constant('epoch' as const), epoch: fc.bigInt(0n, 2n ** 64n - 1n) }),
);

const plain = <Entry extends NewEntry>(entries: Iterable<Entry>) =>
  Array.from(entries, ({ metadata, ...rest }) => ({
    ...rest,
    metadata: metadata.map(({ payload, ...times }) => ({ ...times, payload: Buffer.from(payload) })),
  }));

test('whatever is appended and removed, a manifest holds what an array would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let manifest = Manifest.empty;
      let model: (NewEntry & { sequence: number })[] = [];
      let nextSequence = 0;
      let epoch = 0n;
      for (const step of steps) {
        const before = Buffer.from(manifest.bytes);
        const old = manifest;
        if (step.kind === 'append') {
          manifest = manifest.append(step.entries);
          for (const entry of step.entries) model.push({ ...entry, sequence: nextSequence++ });
        } else if (step.kind === 'remove') {
          const through = nextSequence - model.length + step.count;
          const { manifest: rest, removed } = manifest.removeThrough(through);
          assert.deepEqual(plain(removed), plain(model.filter(({ sequence }) => sequence <= through)));
          model = model.filter(({ sequence }) => sequence > through);
          manifest = rest;
        } else {
          epoch = step.epoch;
          manifest = manifest.withEpoch(epoch);
        }
        assert.deepEqual(old.bytes, before, 'a manifest never changes');

        manifest = Manifest.parse(manifest.bytes, 'manifest');
        assert.deepEqual(plain(manifest.entries()), plain(model));
        assert.equal(manifest.entryCount, model.length);
        assert.equal(manifest.nextSequence, nextSequence);
        assert.equal(manifest.epoch, epoch);
        assert.equal(manifest.firstSequence(), model[0]?.sequence);
        const rebuilt = Manifest.fromEntries([...manifest.entries()], nextSequence, epoch);
        assert.deepEqual(rebuilt.bytes, manifest.bytes);
        for (let sequence = -1; sequence <= nextSequence; sequence++) {
          const wanted = plain(model).find((entry) => entry.sequence === sequence);
          const found: ManifestEntry | undefined = manifest.entryAt(sequence);
          assert.deepEqual(found && plain([found])[0], wanted);
        }
        const from = nextSequence - 2;
        assert.deepEqual(plain(manifest.entries(from)), plain(model.filter((e) => e.sequence >= from)));
      }
    }),
  );
});

test('entries that stay are copied, whatever is in them', () => {
  const payload = Buffer.from('payload');
  const entries = ['a', 'b', 'c'].map((location) => ({
    location,
    metadata: [{ startIndex: 0, ingestionTimeMs: 1, payload }],
  }));
  const bytes = Buffer.from(Manifest.empty.append(entries).bytes);
  const last = bytes.lastIndexOf(payload);
  bytes.writeUInt32LE(0xffff_ffff, last - 4);

  const damaged = Manifest.parse(bytes, 'manifest');
  const appended = damaged.append([{ location: 'd', metadata: [] }]);
  assert.deepEqual(appended.bytes.subarray(0, bytes.length - 22), bytes.subarray(0, -22));
  assert.equal(appended.entryAt(3)?.location, 'd');
  const { manifest, removed } = appended.removeThrough(1);
  assert.deepEqual(
    removed.map(({ location }) => location),
    ['a', 'b'],
  );
  assert.ok(manifest.bytes.includes(bytes.subarray(last - 4, last + payload.length)));
  assert.throws(() => manifest.entryAt(2), { code: 'WALDO_CORRUPT' });
});

test('a manifest of 100,000 entries takes more, and gives up its front', () => {
  const metadata = [{ startIndex: 0, ingestionTimeMs: 1, payload: Buffer.alloc(8) }];
  const entries = Array.from({ length: 100_000 }, (_, i) => ({ location: `ingest/${i}.batch`, metadata }));
  const manifest = Manifest.empty.append(entries).append([{ location: 'last', metadata: [] }]);
  assert.equal(manifest.entryAt(100_000)?.location, 'last');
  const { manifest: rest, removed } = manifest.removeThrough(99_998);
  assert.equal(removed.length, 99_999);
  assert.deepEqual(
    Array.from(rest.entries(), ({ location }) => location),
    ['ingest/99999.batch', 'last'],
  );
});
