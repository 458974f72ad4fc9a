// How packed logs lie in memory, which is how they lie on disk: the layouts of native/format.h that
// JavaScript touches.
//
//   frame   header (96 bytes, filled in by native code), then logs
//   log     seqNo u64, prevSeqNo u64, length u32, crc32c u32 (of native code), data, zeros up to 8 bytes

export const FRAME_HEADER_BYTES = 96;
export const LOG_HEADER_BYTES = 24;
export const LOG_ALIGNMENT = 8;

/** Within a log's header, in 32-bit words. */
export const PREV_SEQ_NO_WORD = 2;
export const LENGTH_WORD = 4;
export const CHECKSUM_WORD = 5;

/** What the checksum of a log covers of its header, in bytes. */
export const CHECKED_HEADER_BYTES = 20;

export const MAX_SEQ_NO = Number.MAX_SAFE_INTEGER;
const TWO_32 = 2 ** 32;

/** One ArrayBuffer that holds packed logs, as bytes and as 32-bit words. */
export class Memory {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly buffer: ArrayBuffer;
  /** Bytes, even after they were detached. */
  readonly size: number;

  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer;
    this.bytes = Buffer.from(buffer);
    this.words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
    this.size = buffer.byteLength;
  }

  /** Whether somebody who was handed a view has transferred the memory away. */
  get detached(): boolean {
    return this.bytes.length === 0;
  }
}

/** Bytes that a log of `length` data bytes takes. */
export function packedSize(length: number): number {
  return (LOG_HEADER_BYTES + length + LOG_ALIGNMENT - 1) & -LOG_ALIGNMENT;
}

/** Where the log after the one whose data ends here starts. */
export function alignLog(end: number): number {
  return (end + LOG_ALIGNMENT - 1) & -LOG_ALIGNMENT;
}

/** The u64 at a word's index, which is at most 2^53−1. */
export function readUint53(words: Uint32Array, word: number): number {
  const high = words[word + 1]!;
  return high === 0 ? words[word]! : words[word]! + high * TWO_32;
}

export function writeUint53(words: Uint32Array, word: number, value: number): void {
  words[word] = value;
  words[word + 1] = value / TWO_32;
}
