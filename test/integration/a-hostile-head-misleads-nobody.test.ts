import assert from 'node:assert/strict';
import {
  closeSync,
  mkdirSync,
  openSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { crc32c } from '../../src/binding.js';
import { Cursor, type Waldo, type WaldoError, type WaldoReader } from '../../src/index.js';
import { checkLog, numberedLog } from './support/numbered-logs.js';
import { SMALL, Workspace } from './support/workspace.js';

function overwrite(head: string, at: number, bytes: Uint8Array): void {
  const file = openSync(head, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

/** A head whose checksum is right, whatever it says. */
function forge(head: string, words: readonly bigint[], ring: Waldo): void {
  const bytes = Buffer.alloc(80);
  bytes.write('WALDOHED', 0, 'latin1');
  bytes.writeUInt16LE(1, 12);
  bytes.writeUInt16LE(80, 14);
  ringIdOf(ring).copy(bytes, 16);
  bytes.writeUInt32LE(2, 32);
  words.forEach((word, i) => {
    bytes.writeBigUInt64LE(word, 40 + 8 * i);
  });
  bytes.writeUInt32LE(crc32c(bytes.subarray(12)), 8);
  overwrite(head, 0, bytes);
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function ringIdOf(ring: Waldo): Buffer {
  let value = 0n;
  for (const letter of ring.metadata().ringId) value = value * 32n + BigInt(CROCKFORD.indexOf(letter));
  return Buffer.from(value.toString(16).padStart(32, '0'), 'hex');
}

const word = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(
    0n,
    1n,
    512n,
    65536n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 63n,
    2n ** 64n - 1n,
  ),
  fc.bigInt({ min: 0n, max: 2000n }),
);

type Attack =
  | { readonly how: 'scribble'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly how: 'forge'; readonly words: readonly bigint[] }
  | { readonly how: 'truncate'; readonly bytes: number }
  | { readonly how: 'unlink' | 'directory' | 'replace' | 'wake' };

const attacks: fc.Arbitrary<Attack> = fc.oneof(
  fc.record({
    how: fc.constant('scribble' as const),
    at: fc.nat(80),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 90 }),
  }),
  fc.record({ how: fc.constant('forge' as const), words: fc.array(word, { minLength: 5, maxLength: 5 }) }),
  fc.record({ how: fc.constant('truncate' as const), bytes: fc.nat(4095) }),
  fc.record({
    how: fc.constantFrom('unlink' as const, 'directory' as const, 'replace' as const, 'wake' as const),
  }),
);

function attack(what: Attack, head: string, ring: Waldo): void {
  if (what.how === 'scribble') overwrite(head, what.at, what.bytes);
  else if (what.how === 'forge') forge(head, what.words, ring);
  else if (what.how === 'truncate') truncateSync(head, what.bytes);
  else if (what.how === 'wake') overwrite(head, 2048, Buffer.from([1, 2, 3, 4]));
  else unlinkSync(head);
  if (what.how === 'directory') mkdirSync(head);
  if (what.how === 'replace') writeFileSync(head, Buffer.alloc(4096, 7));
}

/** Reads on from where it was, and checks whatever comes; what cannot be read has to be explained. */
async function follow(reader: WaldoReader, position: number): Promise<number> {
  try {
    for await (const log of reader.query(Cursor.after(position)).logs()) {
      assert.equal(log.seqNo, position + 1);
      checkLog(log);
      position = log.seqNo;
    }
  } catch (error) {
    const { code, oldestSeqNo } = error as WaldoError;
    assert(['WALDO_TRIMMED', 'WALDO_CORRUPT', 'WALDO_CURSOR'].includes(code), (error as Error).stack);
    if (oldestSeqNo !== undefined) return Math.max(position, oldestSeqNo - 1);
  }
  return position;
}

test('whatever is done to the head, a reader gets right logs or an error, and the writer goes on', async (t) => {
  const space = new Workspace(t);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(attacks, { minLength: 1, maxLength: 4 }), async (list) => {
      const directory = `${space.ring}-${run++}`;
      const head = join(directory, 'head');
      const waldo = await space.open(SMALL, directory);
      const append = async (count: number) => {
        for (let i = 0; i < count; i++) await waldo.append([numberedLog((waldo.prevSeqNo ?? 0) + 1)]);
      };
      await append(20);
      const reader = await space.openReader({ cacheBytes: 0 }, directory);
      let position = await follow(reader, 0);
      assert.equal(position, 20);
      for (const what of list) {
        try {
          attack(what, head, waldo);
        } catch {} // The attack before took the file away.
        position = await follow(reader, position);
        await append(15);
        await sleep(2);
        position = await follow(reader, position);
      }
      await append(1);
      await Promise.all([reader.close(), waldo.close()]);
      rmSync(head, { recursive: true, force: true });
      const again = await space.open({}, directory);
      assert.equal(again.prevSeqNo, 21 + 15 * list.length);
      await again.close();
    }),
    { numRuns: 60 },
  );
});
