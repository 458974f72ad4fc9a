import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LogRange } from '../../src/buffer/range.js';
import { fixture } from '../buffer/support/fixtures.js';

/** The bytes of a block of docs/buffer-format.md that begins with ```hex NAME. */
function documented(name: string): Buffer {
  const page = readFileSync(new URL('../../../docs/buffer-format.md', import.meta.url), 'utf8');
  const block = page.split(`\`\`\`hex ${name}\n`)[1]?.split('```')[0];
  assert.ok(block, `docs/buffer-format.md has no block ${name}`);
  const bytes: number[] = [];
  for (const line of block.trim().split('\n')) {
    const [offset, ...digits] = line.split('|')[0]!.trim().split(/ +/);
    assert.equal(offset, bytes.length.toString(16).padStart(4, '0'));
    bytes.push(...digits.map((digit) => Number.parseInt(digit, 16)));
  }
  return Buffer.from(bytes);
}

test('the batch of docs/buffer-format.md is one of the crate, and is read as the page says', () => {
  const bytes = documented('batch');
  const { object, batches } = fixture('plain');
  assert.deepEqual(bytes, object(batches[0]!.location));

  const records: string[] = [];
  const footer = bytes.length - 7;
  for (let at = 0; at < footer; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    records.push(bytes.toString('utf8', at + 4, end));
    at = end;
  }
  assert.deepEqual(records, ['hello', '', 'ring log', 'Ωμέγα\u{1f40d}']);
  assert.deepEqual(
    [bytes[footer], bytes.readUInt32LE(footer + 1), bytes.readUInt16LE(footer + 5)],
    [0, records.length, 1],
  );
});

test('the manifest of docs/buffer-format.md is one of the crate, and is read as the page says', () => {
  const bytes = documented('manifest');
  const { manifest, dump } = fixture('dequeued');
  assert.deepEqual(bytes, manifest);

  const locationEnd = 14 + bytes.readUInt16LE(12);
  const item = locationEnd + 4;
  const payloadEnd = item + 16 + bytes.readUInt32LE(item + 12);
  const footer = bytes.length - 22;
  assert.equal(bytes.readUInt32LE(0), footer - 4);
  assert.equal(bytes.readUInt32LE(locationEnd), 1);
  assert.equal(payloadEnd, footer);
  assert.deepEqual(
    {
      version: bytes.readUInt16LE(footer + 20),
      epoch: Number(bytes.readBigUInt64LE(footer + 12)),
      next_sequence: Number(bytes.readBigUInt64LE(footer + 4)),
      entries: [
        {
          sequence: Number(bytes.readBigUInt64LE(4)),
          location: bytes.toString('utf8', 14, locationEnd),
          metadata: [
            {
              start_index: bytes.readUInt32LE(item),
              ingestion_time_ms: Number(bytes.readBigInt64LE(item + 4)),
              payload_base64: bytes.toString('base64', item + 16, payloadEnd),
            },
          ],
        },
      ],
    },
    dump,
  );
  assert.equal(bytes.readUInt32LE(footer), dump.entries.length);
});

test('the range of docs/buffer-format.md is read as the page says', () => {
  const bytes = documented('range');
  const range = LogRange.decode(bytes, 6, 'the page');
  const walk = range.numbers();
  const numbers = [walk.seqNo];
  while (numbers.length < 6) {
    walk.next();
    numbers.push(walk.seqNo);
  }
  assert.deepEqual(
    [range.ringId, range.prevSeqNo, ...numbers],
    ['01M7Z2JXVB6SRPFPG99GRR8V3W', 2, 4, 5, 15, 25, 26, 27],
  );
});
