import assert from 'node:assert/strict';
import { resourceUsage } from 'node:process';
import { test } from 'node:test';
import { compress, decompress } from '@mongodb-js/zstd';
import { type Compression, decodeBatch, encodeBatch } from '../../src/buffer/batch.js';
import { expand, survey } from '../../src/buffer/zstd-frame.js';
import { batchOf, compressedBlock, frame, repeatedByte, skippable, stored } from './support/zstd-frames.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const BLOCK = 128 * KIB;

const tooMuch = { code: 'WALDO_EXCEEDS_LIMIT', object: 'bomb' };
const damaged = { code: 'WALDO_CORRUPT', object: 'bomb' };

/** Fails if more memory than that is taken meanwhile, however shortly. */
async function within(bytes: number, run: () => Promise<void>): Promise<void> {
  const before = resourceUsage().maxRSS;
  await run();
  const grown = (resourceUsage().maxRSS - before) * KIB;
  assert.ok(grown < bytes, `${grown} bytes were taken`);
}

test('a batch of repeated bytes is refused by what its blocks say', async () => {
  const bomb = batchOf(frame({ blocks: Array(100_000).fill(repeatedByte(BLOCK)) }), 1);
  await within(64 * MIB, () =>
    assert.rejects(decodeBatch(bomb, 'bomb'), {
      ...tooMuch,
      message: 'bomb has 13107200000 bytes of records, decompressed; the limit is 268435456',
    }),
  );
});

test('a content size that is honest is enough to refuse', async () => {
  const bomb = frame({ blocks: [stored(Buffer.alloc(1))], contentSize: 300n * 1024n ** 2n });
  await assert.rejects(decodeBatch(batchOf(bomb, 1), 'bomb'), tooMuch);
  const endless = frame({ blocks: [stored(Buffer.alloc(1))], contentSize: 2n ** 64n - 1n });
  await assert.rejects(decodeBatch(batchOf(endless, 1), 'bomb'), tooMuch);
});

for (const contentSize of [undefined, 10n]) {
  const what = contentSize === undefined ? 'tell no content size' : 'lie about it';
  test(`compressed blocks are stopped, though they ${what}`, async () => {
    const bomb = batchOf(
      frame({ blocks: Array(100_000).fill(await compressedBlock(BLOCK)), contentSize }),
      1,
    );
    await within(64 * MIB, () => assert.rejects(decodeBatch(bomb, 'bomb', { maxBytes: 4 * MIB }), tooMuch));
  });
}

test('so are many frames, each of which is short', async () => {
  const one = frame({ blocks: [await compressedBlock(BLOCK)] });
  const bomb = batchOf(Buffer.concat([skippable(Buffer.alloc(9)), ...Array(50_000).fill(one)]), 1);
  await within(64 * MIB, () => assert.rejects(decodeBatch(bomb, 'bomb', { maxBytes: 4 * MIB }), tooMuch));
});

test('blocks that are shorter than they could be are not refused for it', async () => {
  for (const contentSize of [undefined, BigInt(40 * 16 * KIB)]) {
    const bytes = frame({ blocks: Array(40).fill(await compressedBlock(16 * KIB)), contentSize });
    const content = await decompress(bytes);
    assert.equal(content.length, 40 * 16 * KIB);
    assert.equal(survey(bytes, 'a').most, 40 * BLOCK);
    assert.deepEqual(await expand(bytes, 'a', MIB), content);
    assert.deepEqual(
      await expand(Buffer.concat([bytes, bytes]), 'a', 2 * MIB),
      Buffer.concat([content, content]),
    );
    await assert.rejects(expand(bytes, 'bomb', 40 * 16 * KIB - 1), tooMuch);
  }
});

test('where nobody can tell that a batch is short enough it is refused', async () => {
  const bytes = frame({ blocks: Array(1000).fill(await compressedBlock(KIB)) });
  await assert.rejects(expand(bytes, 'bomb', 1001 * KIB), {
    ...tooMuch,
    message: `bomb has up to ${1000 * BLOCK} bytes of records, decompressed; the limit is ${1001 * KIB}`,
  });
});

test('no block becomes longer than its window, and no frame than it says', async () => {
  const block = await compressedBlock(BLOCK);
  const narrow = frame({ blocks: [block], window: 0 });
  assert.equal(survey(narrow, 'bomb').most, KIB);
  await assert.rejects(expand(narrow, 'bomb', MIB), damaged);
  await assert.rejects(expand(frame({ blocks: [block], contentSize: 10n }), 'bomb', MIB), damaged);
  await assert.rejects(expand(frame({ blocks: [repeatedByte(2 ** 21 - 1)] }), 'bomb', 4 * MIB), damaged);
  await assert.rejects(expand(frame({ blocks: [block], window: 0xff }), 'bomb', MIB), tooMuch);
});

test('a window that is never filled takes no memory', async () => {
  const wide = frame({ blocks: [await compressedBlock(KIB)], window: (27 - 10) << 3 });
  await within(64 * MIB, async () => {
    assert.equal((await expand(Buffer.concat(Array(1000).fill(wide)), 'a', 128 * MIB)).length, 1000 * KIB);
  });
});

test('a batch is read up to the limit to the byte', async () => {
  const compressions: readonly Compression[] = ['none', 'zstd'];
  for (const compression of compressions) {
    const bytes = await encodeBatch([Buffer.alloc(MIB - 4)], compression);
    assert.equal((await decodeBatch(bytes, 'a', { maxBytes: MIB })).length, 1);
    await assert.rejects(decodeBatch(bytes, 'bomb', { maxBytes: MIB - 1 }), tooMuch);
  }
});

test('what zstd makes is never more than was foreseen', async () => {
  for (const size of [0, 1, 255, 256, 257, BLOCK - 1, BLOCK, BLOCK + 1, 3 * MIB + 7]) {
    for (const fill of ['a', 'ab', undefined]) {
      const content = fill === undefined ? pseudoRandom(size) : Buffer.alloc(size, fill);
      const { least, most } = survey(await compress(content), 'a');
      assert.ok(least <= size && size <= most && most <= size + BLOCK, `${size}: ${least} to ${most}`);
    }
  }
});

test('frames that are none, or end early, or need more than there is, are named', async () => {
  const good = frame({
    blocks: [stored(Buffer.from('abc')), await compressedBlock(KIB)],
    contentSize: 1027n,
  });
  assert.equal((await expand(good, 'a', MIB)).length, 1027);
  for (let length = 0; length < good.length; length++) {
    await assert.rejects(expand(good.subarray(0, length), 'bomb', MIB), damaged, `${length} bytes`);
  }
  await assert.rejects(expand(Buffer.concat([good, Buffer.from('x')]), 'bomb', MIB), damaged);
  const reserved = Buffer.from(good);
  reserved[4]! |= 0x08;
  await assert.rejects(expand(reserved, 'bomb', MIB), damaged);
  const dictionary = Buffer.concat([good.subarray(0, 6), Buffer.from([7]), good.subarray(6)]);
  dictionary[4]! |= 1;
  await assert.rejects(expand(dictionary, 'bomb', MIB), { ...damaged, message: /needs a dictionary/ });
  const unknown = Buffer.from(good);
  unknown[14]! |= 6;
  await assert.rejects(expand(unknown, 'bomb', MIB), { ...damaged, offset: 14 });
});

function pseudoRandom(size: number): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from({ length: size }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 16) & 0xff;
    }),
  );
}

test('a limit that is undefined is the default, not none', async () => {
  const batch = Buffer.concat([Buffer.alloc(4 * (16 * 1024 ** 2 + 1)), Buffer.from([0, 1, 0, 0, 1, 1, 0])]);
  await assert.rejects(decodeBatch(batch, 'batch', { maxRecords: undefined as never }), {
    code: 'WALDO_EXCEEDS_LIMIT',
  });
});
