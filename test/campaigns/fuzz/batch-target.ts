import assert from 'node:assert/strict';
import { decodeBatch, encodeBatch } from '../../../src/buffer/batch.js';
import { expand, survey } from '../../../src/buffer/zstd-frame.js';
import type { Random } from '../../buffer/campaign/random.js';
import { fixtures } from '../../buffer/support/fixtures.js';
import {
  batchOf,
  compressedBlock,
  frame,
  repeatedByte,
  skippable,
  stored,
} from '../../buffer/support/zstd-frames.js';
import { accepts, OBJECT } from './expected.js';
import { putNumber, TELLING } from './mutate.js';
import { MAX_INPUT_BYTES, type Target } from './target.js';

const LIMITS = { maxBytes: 64 * 1024, maxRecords: 4096 };
const FOOTER_BYTES = 7;
const VERSION = 1;

async function frames(): Promise<Buffer[]> {
  const short = await compressedBlock(1000);
  return [
    frame({ blocks: [stored(Buffer.from('some bytes'))] }),
    frame({ blocks: [short, repeatedByte(300), short], contentSize: 2300n }),
    frame({ blocks: [repeatedByte(128 * 1024), repeatedByte(128 * 1024)], contentSize: 2n ** 63n }),
    frame({ blocks: [await compressedBlock(128 * 1024), stored(Buffer.alloc(40))] }),
    Buffer.concat([
      skippable(Buffer.from('skip me')),
      frame({ blocks: [repeatedByte(10)] }),
      frame({ blocks: [short] }),
    ]),
  ];
}

/** Gives bytes a footer that suits them: as many records as their lengths say. */
function withFooter(bytes: Buffer, random: Random): Buffer {
  const body = bytes.subarray(0, Math.max(0, bytes.length - FOOTER_BYTES));
  const compressed = body.length >= 4 && (body.readUInt32LE(0) === 0xfd2fb528 || random.chance(0.1));
  let count = 0;
  for (let at = 0; at + 4 <= body.length && !compressed; count++) at += 4 + body.readUInt32LE(at);
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer[0] = compressed ? 1 : 0;
  footer.writeUInt32LE(compressed ? random.between(0, 8) : count, 1);
  footer.writeUInt16LE(VERSION, 5);
  if (random.chance(0.1)) putNumber(footer, 1, 4, random.pick(TELLING));
  return Buffer.concat([body, footer]);
}

/** Batches, as an object store may hand them out. */
export const batchTarget: Target = {
  name: 'batch',
  async seeds() {
    const objects = fixtures().flatMap((store) =>
      store.batches.map(({ location }) => store.object(location)),
    );
    const made = [];
    for (const compression of ['none', 'zstd'] as const) {
      made.push(await encodeBatch([], compression));
      made.push(await encodeBatch([Buffer.from('a'), Buffer.alloc(0), Buffer.alloc(300, 'b')], compression));
    }
    const compressed = (await frames()).map((bytes) => batchOf(bytes, 3));
    return [...objects.filter(({ length }) => length <= MAX_INPUT_BYTES), ...made, ...compressed];
  },
  mutate: withFooter,
  async run(input) {
    let records: readonly Buffer[] = [];
    const accepted = await accepts(async () => {
      records = await decodeBatch(input, OBJECT, LIMITS);
    });
    if (!accepted) return;
    const bytes = records.reduce((sum, { length }) => sum + 4 + length, 0);
    assert.ok(bytes <= LIMITS.maxBytes && records.length <= LIMITS.maxRecords);
    const again = await decodeBatch(await encodeBatch(records, 'none'), OBJECT, LIMITS);
    assert.deepEqual(again, records);
  },
};

/** zstd frames: what their headers allow them to become is known before they become it. */
export const zstdTarget: Target = {
  name: 'zstd-frame',
  seeds: frames,
  async run(input) {
    let expanded: Buffer = Buffer.alloc(0);
    let most = 0;
    const accepted = await accepts(async () => {
      ({ most } = survey(input, OBJECT));
      expanded = await expand(input, OBJECT, LIMITS.maxBytes);
    });
    if (accepted) assert.ok(expanded.length <= LIMITS.maxBytes && expanded.length <= most);
  },
};
