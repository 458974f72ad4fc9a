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

  test(`a block takes parts of buffers, grows, and counts: ${compression}`, async () => {
    const part = fc
      .tuple(fc.nat(200), fc.nat(200))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    const source = Uint8Array.from({ length: 200 }, (_, i) => i);
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 40 }), fc.nat(64), async (parts, capacity) => {
        const block = new RecordBlock(capacity);
        for (const [start, end] of parts) block.append(source, start, end);
        const payloadBytes = parts.reduce((sum, [start, end]) => sum + end - start, 0);
        assert.equal(block.recordCount, parts.length);
        assert.equal(block.payloadBytes, payloadBytes);
        assert.equal(block.byteLength, payloadBytes + parts.length * 4);
        const decoded = await decodeBatch(await block.finish(compression), 'a');
        assert.deepEqual(
          decoded,
          parts.map(([start, end]) => Buffer.from(source.subarray(start, end))),
        );
      }),
    );
  });
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
