import assert from 'node:assert/strict';
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../../src/cli/durations.js';
import { parseFormat } from '../../../src/cli/format-string.js';
import { LineSplitter } from '../../../src/cli/line-splitter.js';
import { parseCount, parseMode, parseSize } from '../../../src/cli/sizes.js';
import type { Log } from '../../../src/index.js';
import type { Target } from './target.js';

const MAX_LINE_BYTES = 100;
const MAX_DURATION_MS = 24 * 3600 * 1000;
const PLAIN = (_colour: string, text: string) => text;

function parsed<T>(parse: (text: string) => T, text: string): T | undefined {
  try {
    return parse(text);
  } catch (error) {
    // It becomes a message about wrong usage; anything else would be a defect's.
    if (!(error instanceof InvalidArgumentError)) throw error;
    return undefined;
  }
}

function checkNumber(value: number | undefined, max: number): void {
  assert.ok(value === undefined || (value >= 0 && value <= max), `${value}`);
}

/** Lines are what lies between newlines, however the input is cut; up to the first one that is too long. */
function checkLines(input: Buffer): void {
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  const lines: Uint8Array[] = [];
  const step = (input[0] ?? 0) + 1;
  for (let at = 0; at < input.length; at += step) lines.push(...splitter.push(input.subarray(at, at + step)));
  lines.push(...splitter.end());
  const expected = input.toString('latin1').split('\n');
  if (expected.at(-1) === '') expected.pop();
  const overlong = expected.findIndex((line) => line.length > MAX_LINE_BYTES);
  assert.deepEqual(
    lines.map((line) => Buffer.from(line).toString('latin1')),
    overlong < 0 ? expected : expected.slice(0, overlong),
  );
  assert.equal(splitter.overlong?.line, overlong < 0 ? undefined : overlong + 1);
}

/** Values of flags, format strings and lines of input: each by itself. */
export const argumentsTarget: Target = {
  name: 'arguments',
  seeds: () =>
    [
      '64KiB',
      '1.5 GiB',
      '1_000',
      '0o640',
      '200ms',
      '2h',
      '%o\\t%S %p %R %c%%\\x41\\n',
      '{%s}\\r\\\\',
      'a\n\nb\r\nc',
    ].map((text) => Buffer.from(text)),
  run(input) {
    const text = input.toString('utf8');
    checkNumber(parsed(parseSize, text), Number.MAX_SAFE_INTEGER);
    checkNumber(parsed(parseCount, text), Number.MAX_SAFE_INTEGER);
    checkNumber(parsed(parseMode, text), 0o7777);
    checkNumber(parsed(parseDuration, text), MAX_DURATION_MS);
    const format = parsed(parseFormat, text);
    const log = { data: input, seqNo: 7, prevSeqNo: 5, checksum: 0xffff_ffff } as unknown as Log;
    if (format !== undefined) assert.equal(format([], PLAIN).length, 0);
    if (format !== undefined && !text.includes('%s')) {
      // Every character is a byte or an escape of one, and no field is longer than a number.
      assert.ok(format([log, log], PLAIN).length <= 2 * (input.length * 16 + Buffer.byteLength(text)));
    }
    checkLines(input);
  },
};
