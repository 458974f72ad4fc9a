import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cursor, type WaldoError } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { closedImage, copyOf, type Image } from './support/images.js';
import { entriesAfter } from './support/logs.js';
import { assertSame } from './support/model.js';
import { DATA_OFFSET, flipBit } from './support/page-files.js';
import { SMALL, Workspace } from './support/workspace.js';

/** A place in a ring's files, by region, so that small regions are hit as often as large ones. */
interface Place {
  readonly file: string;
  readonly region: 'header' | 'frames' | 'index' | 'anywhere';
  readonly where: number;
  readonly bit: number;
}

function byteOf({ file, region, where }: Place, image: Image): number {
  const size = statSync(join(image.directory, file)).size;
  const structure = file === 'RING' ? 120 : 112;
  const [from, to] = {
    header: [where < 0.5 ? 0 : 4096, (where < 0.5 ? 0 : 4096) + structure],
    frames: [DATA_OFFSET, DATA_OFFSET + SMALL.fileCapacity],
    index: [DATA_OFFSET + SMALL.fileCapacity, size],
    anywhere: [0, size],
  }[file === 'RING' ? 'header' : region] as [number, number];
  const within = region === 'header' || file === 'RING' ? (where * 2) % 1 : where;
  return Math.min(from + Math.floor(within * (to - from)), size - 1);
}

const contentsOf = (directory: string) =>
  new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));

test('a bit flipped anywhere in a closed ring loses no log, or those that it loses are named', async (t) => {
  const space = new Workspace(t);
  for (const commits of [30, 160]) {
    const image = await closedImage(space, commits);
    const waldo = await space.open({}, copyOf(space, image).directory);
    const whole = await entriesAfter(waldo, Cursor.trim());
    await waldo.close();
    const files = readdirSync(image.directory).filter((name) => name !== 'LOCK');
    const places: fc.Arbitrary<Place> = fc.record({
      file: fc.constantFrom(...files),
      region: fc.constantFrom('header', 'frames', 'index', 'anywhere'),
      where: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      bit: fc.nat(7),
    });
    await fc.assert(
      fc.asyncProperty(places, async (place) => {
        const damaged = copyOf(space, image);
        const at = byteOf(place, image);
        flipBit(join(damaged.directory, place.file), at, place.bit);
        const before = contentsOf(damaged.directory);
        const hit = damaged.frames.find(
          (frame) => basename(frame.file) === place.file && at >= frame.at && at < frame.at + frame.bytes,
        );
        if (hit !== undefined) {
          const lost: Partial<WaldoError> = {
            page: hit.page,
            offset: hit.offset,
            firstLost: hit.prevSeqNo + 1,
            lastLost: hit.lastSeqNo,
          };
          await assert.rejects(
            space.openReader({}, damaged.directory),
            withCode('WALDO_CORRUPT', undefined, lost),
          );
          await assert.rejects(space.open({}, damaged.directory), withCode('WALDO_CORRUPT', undefined, lost));
          return;
        }
        const reader = await space.openReader({ cacheBytes: 0 }, damaged.directory);
        assertSame(await entriesAfter(reader, Cursor.trim()), whole);
        await reader.close();
        assert.deepEqual(contentsOf(damaged.directory), before, 'a reader repairs nothing');

        const healed = await space.open({}, damaged.directory);
        assertSame(await entriesAfter(healed, Cursor.trim()), whole);
        await healed.append(['more']);
        await healed.close();

        const again = await space.open({}, damaged.directory);
        assert.equal(again.prevSeqNo, whole.at(-1)!.seqNo + 1);
        assert.deepEqual(again.metadata().recovery.healed, [], 'what was healed stays so');
        assert.deepEqual((await again.verify()).problems, []);
        await again.close();
      }),
      { numRuns: 100 },
    );
  }
});
