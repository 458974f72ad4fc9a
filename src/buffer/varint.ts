// Integers of up to 53 bits in as few bytes as they need: LEB128, seven bits a byte, the lowest first.

/** Bytes of a varint of at most 2^53−1. */
export const MAX_VARINT_BYTES = 8;

/** @returns the offset behind it */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  while (value >= 0x80) {
    bytes[offset++] = (value % 0x80) | 0x80;
    value = Math.floor(value / 0x80);
  }
  bytes[offset++] = value;
  return offset;
}

/** @returns `undefined` if the bytes end within it, or it is more than 2^53−1 */
export function readVarint(bytes: Uint8Array, offset: number): { value: number; end: number } | undefined {
  let value = 0;
  let unit = 1;
  for (let i = offset; i < Math.min(bytes.length, offset + MAX_VARINT_BYTES); i++) {
    value += (bytes[i]! & 0x7f) * unit;
    unit *= 0x80;
    if (bytes[i]! >= 0x80) continue;
    return value <= Number.MAX_SAFE_INTEGER ? { value, end: i + 1 } : undefined;
  }
  return undefined;
}
