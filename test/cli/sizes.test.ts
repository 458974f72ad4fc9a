import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCount, parseMode, parseSize } from '../../src/cli/sizes.js';

test('sizes are read in bytes, decimal units and binary units, in either case', () => {
  const sizes: [string, number][] = [
    ['0', 0],
    ['65536', 65536],
    ['512B', 512],
    ['64KiB', 65536],
    ['64kib', 65536],
    ['64KB', 64000],
    ['64MiB', 67108864],
    ['64 MB', 64e6],
    ['2GiB', 2147483648],
    ['1TB', 1e12],
    ['1.5MiB', 1572864],
  ];
  for (const [text, bytes] of sizes) assert.equal(parseSize(text), bytes, text);
});

test('what is no whole number of bytes is refused', () => {
  for (const text of [
    '',
    'MiB',
    '-1',
    '1e3',
    '0x10',
    '1.5',
    '1,000',
    '64M',
    '64 apples',
    'constructor',
    '9007199254740992',
  ]) {
    assert.throws(() => parseSize(text), { code: 'commander.invalidArgument' }, text);
  }
});

test('counts are whole numbers up to 2^53-1', () => {
  assert.equal(parseCount('1_000_000'), 1_000_000);
  assert.equal(parseCount('9007199254740991'), Number.MAX_SAFE_INTEGER);
  for (const text of ['', '-1', '1.0', '1e3', ' 1', '1_', '9007199254740992']) {
    assert.throws(() => parseCount(text), { code: 'commander.invalidArgument' }, text);
  }
});

test('modes are read in octal', () => {
  assert.deepEqual(['600', '0640', '0o660'].map(parseMode), [0o600, 0o640, 0o660]);
  for (const text of ['', '8', '0x1ff', '77777']) {
    assert.throws(() => parseMode(text), { code: 'commander.invalidArgument' }, text);
  }
});
