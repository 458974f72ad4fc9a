import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crc32c } from '../support/crc32c.js';

/** The bytes of a block of docs/format.md that begins with ```hex NAME. */
function documented(name: string): Buffer {
  const page = readFileSync(new URL('../../../docs/format.md', import.meta.url), 'utf8');
  const block = page.split(`\`\`\`hex ${name}\n`)[1]?.split('```')[0];
  assert.ok(block, `docs/format.md has no block ${name}`);
  const lines = block.trim().split('\n');
  return Buffer.from(lines.map((line) => line.split('|')[0]!.slice(4).replaceAll(' ', '')).join(''), 'hex');
}

test('the frame of docs/format.md can be read with nothing but that page at hand', () => {
  const bytes = documented('frame');
  const header = { frameBytes: bytes.readUInt32LE(12), logCount: bytes.readUInt32LE(16) };
  assert.equal(bytes.toString('latin1', 0, 4), 'WFRM');
  assert.equal(bytes.readUInt32LE(4), crc32c(bytes.subarray(8, 96)), 'header_crc');
  assert.deepEqual(header, { frameBytes: bytes.length, logCount: 2 });

  const padded = Buffer.alloc(512);
  bytes.copy(padded);
  assert.equal(bytes.readUInt32LE(20), crc32c(padded.subarray(96)), 'body_crc');

  const logs: { seqNo: bigint; prevSeqNo: bigint; text: string }[] = [];
  for (let at = 96; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at + 16);
    const data = bytes.subarray(at + 24, at + 24 + length);
    assert.equal(bytes.readUInt32LE(at + 20), crc32c(data, crc32c(bytes.subarray(at, at + 20))), 'log crc');
    const seqNo = bytes.readBigUInt64LE(at);
    logs.push({ seqNo, prevSeqNo: bytes.readBigUInt64LE(at + 8), text: data.toString() });
    at += Math.ceil((24 + length) / 8) * 8;
  }
  assert.deepEqual(logs, [
    { seqNo: 1n, prevSeqNo: 0n, text: 'hello' },
    { seqNo: 2n, prevSeqNo: 1n, text: 'ring log' },
  ]);
});

test('the headers of docs/format.md have the checksums that the page says', () => {
  const superblock = documented('superblock');
  assert.equal(superblock.toString('latin1', 0, 8), 'WALDORNG');
  assert.equal(superblock.readUInt32LE(8), crc32c(superblock.subarray(12, 120)));

  const pageHeader = documented('page header');
  assert.equal(pageHeader.toString('latin1', 0, 4), 'WAGE');
  assert.equal(pageHeader.readUInt32LE(4), crc32c(pageHeader.subarray(8, 112)));
  assert.equal(pageHeader.readUInt32LE(68), documented('frame').readUInt32LE(4), 'last_frame_crc');
  assert.equal(pageHeader.readUInt32LE(104), crc32c(documented('index')), 'index_crc');
});
