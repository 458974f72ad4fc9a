import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Compression, decodeBatch, encodeBatch, RecordBlock } from '../../src/buffer/batch.js';

const compressions: readonly Compression[] = ['none', 'zstd'];
const record = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.nat(3000).map((length) => new Uint8Array(length).fill(length)),
);

for (const compression of compressions) {
  test(`records come back in order, byte for byte: ${compression}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 50 }), async (records) => {
        const decoded = await decodeBatch(await encodeBatch(records, compression), 'a');
        assert.deepEqual(
          decoded,
          records.map((bytes) => Buffer.from(bytes)),
        );
      }),
    );
  });

  test(`a block takes records one by one and many at once, grows, and counts: ${compression}`, async () => {
    const group = fc.record({ records: fc.array(record, { maxLength: 5 }), together: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(group, { maxLength: 10 }), fc.nat(64), async (groups, capacity) => {
        const block = new RecordBlock(capacity);
        for (const { records, together } of groups) {
          if (!together) for (const bytes of records) block.append(bytes);
          else appendAll(block, records);
        }
        const records = groups.flatMap((group) => group.records);
        const payloadBytes = records.reduce((sum, { length }) => sum + length, 0);
        assert.equal(block.recordCount, records.length);
        assert.equal(block.payloadBytes, payloadBytes);
        assert.equal(block.byteLength, payloadBytes + records.length * 4);
        const decoded = await decodeBatch(await block.finish(compression), 'a');
        assert.deepEqual(
          decoded,
          records.map((bytes) => Buffer.from(bytes)),
        );
      }),
    );
  });
}

function appendAll(block: RecordBlock, records: readonly Uint8Array[]): void {
  const packed = Buffer.concat(
    records.flatMap((bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
  block.appendAll(records.length, packed.length, (target, at) => packed.copy(target, at));
}

test('a block is used up once it is finished', async () => {
  const block = new RecordBlock(100);
  block.append(Buffer.from('a'));
  await block.finish('none');
  assert.throws(() => block.append(Buffer.from('b')), { code: 'WALDO_INTERNAL' });
  await assert.rejects(block.finish('none'), { code: 'WALDO_INTERNAL' });
});

test('what is no record, no compression or no capacity is refused', async () => {
  await assert.rejects(encodeBatch(['text' as never], 'none'), {
    code: 'WALDO_INVALID_ARGUMENT',
    message: "record 0 is 'text'; expected a Uint8Array",
  });
  await assert.rejects(encodeBatch([], 'gzip' as never), {
    code: 'WALDO_INVALID_ARGUMENT',
    message: "a batch's compression is none or zstd; received 'gzip'",
  });
  for (const capacity of [-1, 0.5, Number.NaN, 2 ** 40]) {
    assert.throws(() => new RecordBlock(capacity), { code: 'WALDO_INVALID_ARGUMENT' });
  }
});
