import { compress } from '@mongodb-js/zstd';

/** A frame's parts, to be put together as the format does not intend. */
interface FrameParts {
  readonly blocks: readonly Buffer[];
  /** What the header claims in eight bytes; nothing if undefined. */
  readonly contentSize?: bigint;
  /** The header's byte. Default: 128 KiB. */
  readonly window?: number;
}

const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const WINDOW_128_KIB = 7 << 3;

const RAW = 0;
const RLE = 1;

/** A frame of the blocks, the last of which is marked as such. */
export function frame({ blocks, contentSize, window = WINDOW_128_KIB }: FrameParts): Buffer {
  const size = Buffer.alloc(contentSize === undefined ? 0 : 8);
  if (contentSize !== undefined) size.writeBigUInt64LE(contentSize);
  const descriptor = contentSize === undefined ? 0 : 3 << 6;
  const head = Buffer.concat([MAGIC, Buffer.from([descriptor, window]), size]);
  const last = Buffer.from(blocks.at(-1)!);
  last[0]! |= 1;
  return Buffer.concat([head, ...blocks.slice(0, -1), last]);
}

/** A block of `size` times one byte. */
export function repeatedByte(size: number): Buffer {
  return block(RLE, size, Buffer.from('a'));
}

/** A block that is stored as it is. */
export function stored(content: Buffer): Buffer {
  return block(RAW, content.length, content);
}

/** A block that becomes `size` bytes, at most 128 KiB: it is compressed, so that nobody can see how many. */
export async function compressedBlock(size: number): Promise<Buffer> {
  // Two bytes in turn, since one alone would be a block of another type.
  const bytes = await compress(Buffer.alloc(size, '\u0000\u0001'), 3);
  const headerBytes = 6;
  const header = bytes.readUIntLE(headerBytes, 3);
  const end = headerBytes + 3 + (header >>> 3);
  if (((header >>> 1) & 3) !== 2) throw new Error('zstd made something else of it');
  const made = Buffer.from(bytes.subarray(headerBytes, end));
  made[0]! &= 0xfe;
  return made;
}

/** A frame that decompressors skip. */
export function skippable(content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a57, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

/** A batch of what claims to be compressed. */
export function batchOf(compressed: Buffer, recordCount: number): Buffer {
  const footer = Buffer.from([1, 0, 0, 0, 0, 1, 0]);
  footer.writeUInt32LE(recordCount, 1);
  return Buffer.concat([compressed, footer]);
}

function block(type: number, size: number, content: Buffer): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1), 0, 3);
  return Buffer.concat([header, content]);
}
