import { InvalidArgumentError } from 'commander';

const UNITS = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['tb', 1e12],
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
  ['tib', 2 ** 40],
]);

/**
 * Reads `65536`, `64KiB`, `64MB`, `1.5GiB` … as a number of bytes. Units are decimal (MB) or binary (MiB).
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim());
  const unit = match?.[2] === undefined ? undefined : UNITS.get(match[2].toLowerCase());
  if (!match || unit === undefined) {
    throw new InvalidArgumentError(
      'Expected a size such as 65536, 64KiB, 64MiB or 2GiB (KB, MB, GB and TB are powers of 1000).',
    );
  }
  const bytes = Number(match[1]) * unit;
  if (!Number.isSafeInteger(bytes)) {
    throw new InvalidArgumentError('Expected a size that is a whole number of bytes, at most 2^53-1.');
  }
  return bytes;
}

/** Reads a whole number, with `_` or nothing between its digits: `4096`, `1_000_000`. */
export function parseCount(text: string): number {
  const value = /^\d+(?:_\d+)*$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('Expected a whole number from 0 to 9007199254740991.');
  }
  return value;
}

/** Reads permission bits in octal, as chmod takes them: `600`, `0640`, `0o640`. */
export function parseMode(text: string): number {
  if (!/^(?:0o)?[0-7]{1,4}$/.test(text)) {
    throw new InvalidArgumentError('Expected permission bits in octal, such as 600 or 0640.');
  }
  return Number.parseInt(text.replace(/^0o/, ''), 8);
}
