import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBatch, encodeBatch } from '../../src/buffer/batch.js';

/** Of one record of three bytes: its length at 0, the record at 4, the footer at 7. */
const good = await encodeBatch([Buffer.from('abc')], 'none');

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(good);
  change(bytes);
  return bytes;
}

const rejects = (bytes: Buffer, error: object) =>
  assert.rejects(decodeBatch(bytes, 'memory:/a.batch'), { object: 'memory:/a.batch', ...error });

test('a batch without a whole footer is named', async () => {
  for (let length = 0; length < 7; length++) {
    await rejects(good.subarray(0, length), {
      code: 'WALDO_CORRUPT',
      offset: 0,
      message: `memory:/a.batch is damaged at offset 0: a batch has at least 7 bytes; found ${length}`,
    });
  }
});

test('a version that is not known is named', async () => {
  for (const version of [0, 2, 0xffff]) {
    await rejects(
      changed((bytes) => bytes.writeUInt16LE(version, 12)),
      {
        code: 'WALDO_VERSION',
        message: `memory:/a.batch has version ${version} of the batch format; version 1 is supported`,
      },
    );
  }
});

test('a compression that is not known is named', async () => {
  for (const compression of [2, 0xff]) {
    const bytes = changed((bytes) => bytes.writeUInt8(compression, 7));
    await rejects(bytes, { code: 'WALDO_CORRUPT', offset: 7, message: /compression/ });
  }
  const bytes = changed((bytes) => bytes.writeUInt8(1, 7));
  await rejects(bytes, { code: 'WALDO_CORRUPT', offset: 0, message: /no zstd frame/ });
});

test('a record that is longer than what follows is named', async () => {
  for (const length of [4, 2 ** 31, 2 ** 32 - 1]) {
    await rejects(
      changed((bytes) => bytes.writeUInt32LE(length, 0)),
      {
        code: 'WALDO_CORRUPT',
        offset: 0,
        message: `memory:/a.batch is damaged at offset 0: record 0 has ${length} bytes, but 3 are left`,
      },
    );
  }
});

test('a count that is not that of the records is named', async () => {
  await rejects(
    changed((bytes) => bytes.writeUInt32LE(0, 8)),
    { code: 'WALDO_CORRUPT', offset: 0, message: /7 bytes follow the last of 0 records/ },
  );
  await rejects(
    changed((bytes) => bytes.writeUInt32LE(2, 8)),
    { code: 'WALDO_CORRUPT', offset: 0, message: /7 bytes cannot be 2 records/ },
  );
  const two = await encodeBatch([Buffer.from('abc'), Buffer.from('defg')], 'none');
  two.writeUInt32LE(3, two.length - 6);
  await rejects(two, { code: 'WALDO_CORRUPT', offset: 15, message: /record 2 of 3 is missing/ });
});

test('bytes after the counted records are refused, and those of an empty batch', async () => {
  const longer = Buffer.concat([good.subarray(0, 7), Buffer.from('x'), good.subarray(7)]);
  await rejects(longer, {
    code: 'WALDO_CORRUPT',
    offset: 7,
    message: /1 bytes follow the last of 1 records/,
  });
  for (const compression of ['none', 'zstd'] as const) {
    assert.deepEqual(await decodeBatch(await encodeBatch([], compression), 'a'), []);
  }
});

test('more records than the limit are refused before there is room for them', async () => {
  for (const count of [16 * 1024 ** 2 + 1, 2 ** 31, 2 ** 32 - 1]) {
    await rejects(
      changed((bytes) => bytes.writeUInt32LE(count, 8)),
      {
        code: 'WALDO_EXCEEDS_LIMIT',
        message: `memory:/a.batch has ${count} records; the limit is 16777216 records`,
      },
    );
  }
  await rejects(
    changed((bytes) => bytes.writeUInt32LE(16 * 1024 ** 2, 8)),
    { code: 'WALDO_CORRUPT' },
  );
  await assert.rejects(decodeBatch(good, 'a', { maxRecords: 0 }), { code: 'WALDO_EXCEEDS_LIMIT' });
  assert.equal((await decodeBatch(good, 'a', { maxRecords: 1 })).length, 1);
});
