import type { Random } from '../../buffer/campaign/random.js';
import { MAX_INPUT_BYTES } from './target.js';

/** Numbers at which code tends to break: 0, 1, the limits of integers and of numbers, and their neighbours. */
export const TELLING: readonly bigint[] = [
  0n,
  1n,
  2n,
  127n,
  128n,
  255n,
  256n,
  2n ** 16n - 1n,
  2n ** 16n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 2n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** Puts a number of 1, 2, 4 or 8 bytes at a place, little-endian, cut to what fits. */
export function putNumber(bytes: Buffer, at: number, width: number, value: bigint): void {
  for (let i = 0; i < width && at + i < bytes.length; i++)
    bytes[at + i] = Number((value >> BigInt(8 * i)) & 255n);
}

function changed(input: Buffer, other: Buffer, random: Random): Buffer {
  const at = random.between(0, input.length);
  const head = input.subarray(0, at);
  const tail = input.subarray(at);
  const bytes = Buffer.from(input);
  switch (random.between(0, 7)) {
    case 0:
      if (at < bytes.length) bytes[at]! ^= 1 << random.between(0, 7);
      return bytes;
    case 1:
      putNumber(bytes, at, random.pick([1, 2, 4, 8]), random.pick(TELLING));
      return bytes;
    case 2:
      putNumber(bytes, at, random.pick([1, 1, 2, 4]), BigInt(random.between(0, 300)));
      return bytes;
    case 3:
      return Buffer.concat([head, tail.subarray(random.between(1, 16))]);
    case 4:
      return Buffer.concat([head, Buffer.alloc(random.between(1, 16), random.between(0, 255)), tail]);
    case 5:
      return Buffer.concat([head, head.subarray(-random.between(1, 64)), tail]);
    case 6: {
      const from = random.between(0, other.length);
      return Buffer.concat([head, other.subarray(from, from + random.between(1, 128)), tail]);
    }
    default:
      return Buffer.concat([head, other.subarray(Math.min(at, other.length))]);
  }
}

/** Changes an input in one to five places; `other` is one to take parts of. */
export function mutateBytes(input: Buffer, other: Buffer, random: Random): Buffer {
  let bytes = input;
  for (let left = random.between(1, 5); left > 0; left--) bytes = changed(bytes, other, random);
  return bytes.subarray(0, MAX_INPUT_BYTES);
}
