import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from '../../src/cli/line-splitter.js';

function split(chunks: readonly Uint8Array[], limit = 2 ** 20): { lines: string[]; splitter: LineSplitter } {
  const splitter = new LineSplitter(limit);
  const lines = [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk))), ...splitter.end()];
  return { lines: lines.map((line) => Buffer.from(line).toString('latin1')), splitter };
}

/** Bytes with many newlines, cut into chunks anywhere. */
const chunks = fc.array(
  fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.map((byte) => (byte % 3 === 0 ? 10 : byte))),
);

test('wherever the input is cut into chunks, its lines are the same', () => {
  fc.assert(
    fc.property(chunks, (input) => {
      const expected = Buffer.concat(input).toString('latin1').split('\n');
      if (expected.at(-1) === '') expected.pop();
      assert.deepEqual(split(input).lines, expected);
    }),
  );
});

test('the first line over the limit is numbered and measured, and the lines before it are given', () => {
  fc.assert(
    fc.property(chunks, fc.integer({ min: 0, max: 8 }), (input, limit) => {
      const expected = Buffer.concat(input).toString('latin1').split('\n');
      if (expected.at(-1) === '') expected.pop();
      const long = expected.findIndex((line) => line.length > limit);
      const { lines, splitter } = split(input, limit);
      assert.deepEqual(lines, long === -1 ? expected : expected.slice(0, long));
      assert.deepEqual(
        splitter.overlong,
        long === -1 ? undefined : { line: long + 1, bytes: expected[long]!.length, exact: true },
      );
    }),
  );
});

test('a line that does not end is counted up to 1 GiB and not kept', () => {
  const splitter = new LineSplitter(1000);
  const chunk = Buffer.alloc(2 ** 20, 'x');
  let pushed = 0;
  while (splitter.overlong === undefined && pushed <= 2 ** 30) {
    assert.deepEqual(splitter.push(chunk), []);
    pushed += chunk.length;
  }
  assert.deepEqual(splitter.overlong, { line: 1, bytes: 2 ** 30, exact: false });
});
