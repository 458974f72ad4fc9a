import { decompress } from '@mongodb-js/zstd';
import { WaldoError } from '../errors.js';
import { corruptObject } from './stored-bytes.js';

// RFC 8878. A compressed block does not say how many bytes it becomes; a frame may, but need not tell the truth.

const MAGIC = 0xfd2fb528;
/** The last four bits are anybody's. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const SKIPPABLE_HEADER_BYTES = 8;

/** What the two bits of a frame header's descriptor that tell the length of a field mean. */
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const SINGLE_SEGMENT = 0x20;
const RESERVED = 0x08;
const CHECKSUM = 0x04;
const CHECKSUM_BYTES = 4;

/** The least window that there is, and the largest that the decompressor takes. */
const MIN_WINDOW_LOG = 10;
const MAX_WINDOW_LOG = 27;

const BLOCK_HEADER_BYTES = 3;
const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;
/** No block becomes longer than that, nor longer than its frame's window. */
const MAX_BLOCK_BYTES = 128 * 1024;

/** How often a beginning is decompressed to learn how much room the rest has. */
const MAX_PASSES = 16;

/**
 * Decompresses zstd frames. At no time does it let the decompressor begin with what may become more than `maxBytes`
 * and one block: what the blocks' headers allow is summed up before. Where that is too much, although the frames
 * may yet be short enough, it has only so many blocks decompressed as surely fit, looks what they have become, and
 * begins again with more.
 * @param bytes must not change until it is done.
 * @param object names it in errors.
 * @throws {@link WaldoError} `WALDO_CORRUPT`; `WALDO_EXCEEDS_LIMIT` if it is more than `maxBytes`, or cannot be told
 *   to be less
 */
export async function expand(bytes: Buffer, object: string, maxBytes: number): Promise<Buffer> {
  const { least, most } = survey(bytes, object);
  if (least > maxBytes) throw tooMuch(object, `${least} bytes of records, decompressed`, maxBytes);
  let blocks = 0;
  let expanded = 0;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const beginning = cut(bytes, object, blocks, maxBytes + MAX_BLOCK_BYTES - expanded);
    const result = await run(beginning.bytes, object);
    if (result.length > maxBytes)
      throw tooMuch(object, `${result.length} bytes of records or more, decompressed`, maxBytes);
    if (beginning.bytes === bytes) return result;
    blocks = beginning.blocks;
    expanded = result.length;
  }
  throw tooMuch(object, `up to ${most} bytes of records, decompressed`, maxBytes);
}

/** The bytes that frames become: at least, by what they say themselves, and at most, by the headers of their blocks. */
export function survey(bytes: Buffer, object: string): { least: number; most: number } {
  let least = 0;
  let most = 0;
  let exact = 0;
  const cursor = new BlockCursor(bytes, object);
  while (cursor.next()) {
    most += cursor.mostBytes;
    if (cursor.type !== COMPRESSED) exact += cursor.mostBytes;
    if (!cursor.last) continue;
    least += Math.max(cursor.frame.contentSize ?? 0, exact);
    exact = 0;
  }
  return { least, most };
}

/**
 * Frames of so many blocks, from the first on, that those after `known` blocks become at most `room` bytes.
 * @returns `bytes` itself if all of them fit.
 */
function cut(bytes: Buffer, object: string, known: number, room: number): { bytes: Buffer; blocks: number } {
  const cursor = new BlockCursor(bytes, object);
  let blocks = 0;
  let sum = 0;
  let end = 0;
  let lastHeader = 0;
  let open: Frame | undefined;
  while (cursor.next()) {
    if (blocks >= known) sum += cursor.mostBytes;
    if (sum > room) return { bytes: close(bytes.subarray(0, end), open, lastHeader), blocks };
    blocks++;
    end = cursor.end;
    lastHeader = cursor.start;
    open = cursor.last ? undefined : cursor.frame;
  }
  return { bytes, blocks };
}

/** Makes a frame that was cut off between two blocks end there: without content size and checksum. */
function close(bytes: Buffer, open: Frame | undefined, lastHeader: number): Buffer {
  if (open === undefined) return bytes;
  const header = Buffer.alloc(MAGIC_BYTES + 2);
  header.writeUInt32LE(MAGIC, 0);
  header[MAGIC_BYTES + 1] = (open.windowLog - MIN_WINDOW_LOG) << 3;
  const closed = Buffer.concat([bytes.subarray(0, open.start), header, bytes.subarray(open.blocksStart)]);
  const lastBlock = lastHeader - open.blocksStart + open.start + header.length;
  closed[lastBlock] = closed[lastBlock]! | 1;
  return closed;
}

async function run(bytes: Buffer, object: string): Promise<Buffer> {
  try {
    return await decompress(bytes);
  } catch (error) {
    throw corruptObject(object, 0, 'its records cannot be decompressed', error);
  }
}

interface Frame {
  readonly start: number;
  readonly blocksStart: number;
  /** Of the least power of two that holds the window. */
  readonly windowLog: number;
  readonly contentSize: number | undefined;
  readonly checksumBytes: number;
}

/** Goes from block to block, through all frames. */
class BlockCursor {
  frame: Frame = { start: 0, blocksStart: 0, windowLog: 0, contentSize: undefined, checksumBytes: 0 };
  /** Where the current block's header is. */
  start = 0;
  /** Where the current block ends, and after a frame's last block, where the frame does. */
  end = 0;
  type = RAW;
  /** Whether it is its frame's last block. */
  last = true;
  /** What the current block can become at most. */
  mostBytes = 0;
  readonly #bytes: Buffer;
  readonly #object: string;

  constructor(bytes: Buffer, object: string) {
    this.#bytes = bytes;
    this.#object = object;
  }

  next(): boolean {
    if (this.last && !this.#nextFrame()) return false;
    const start = this.end;
    this.#need(start, BLOCK_HEADER_BYTES, 'a block header');
    const header = this.#bytes.readUIntLE(start, BLOCK_HEADER_BYTES);
    const size = header >>> 3;
    this.start = start;
    this.last = (header & 1) === 1;
    this.type = (header >>> 1) & 3;
    if (this.type > COMPRESSED) throw this.#corrupt(start, 'it has a block of an unknown type');
    const content = start + BLOCK_HEADER_BYTES;
    const stored = this.type === RLE ? 1 : size;
    this.#need(content, stored, 'a block');
    this.end = content + stored;
    this.mostBytes = this.type === COMPRESSED ? Math.min(2 ** this.frame.windowLog, MAX_BLOCK_BYTES) : size;
    if (this.last) {
      this.#need(this.end, this.frame.checksumBytes, 'a checksum');
      this.end += this.frame.checksumBytes;
    }
    return true;
  }

  #nextFrame(): boolean {
    const bytes = this.#bytes;
    let start = this.end;
    while (start + MAGIC_BYTES <= bytes.length) {
      const magic = bytes.readUInt32LE(start);
      if (magic === MAGIC) {
        this.frame = this.#frameHeader(start);
        this.end = this.frame.blocksStart;
        return true;
      }
      if ((magic & 0xffff_fff0) >>> 0 !== SKIPPABLE_MAGIC) break;
      this.#need(start, SKIPPABLE_HEADER_BYTES, 'a frame header');
      const size = bytes.readUInt32LE(start + MAGIC_BYTES);
      this.#need(start + SKIPPABLE_HEADER_BYTES, size, 'a skippable frame');
      start += SKIPPABLE_HEADER_BYTES + size;
    }
    if (start < bytes.length || start === 0) throw this.#corrupt(start, 'its records are no zstd frame');
    this.end = start;
    return false;
  }

  #frameHeader(start: number): Frame {
    const bytes = this.#bytes;
    this.#need(start, MAGIC_BYTES + 1, 'a frame header');
    const descriptor = bytes[start + MAGIC_BYTES]!;
    if ((descriptor & RESERVED) !== 0) throw this.#corrupt(start, 'a zstd frame sets a reserved bit');
    const isSingle = (descriptor & SINGLE_SEGMENT) !== 0;
    const dictionaryBytes = DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
    const sizeFlag = (descriptor >>> 6) as 0 | 1 | 2 | 3;
    const sizeBytes = isSingle && sizeFlag === 0 ? 1 : CONTENT_SIZE_BYTES[sizeFlag];
    const windowAt = start + MAGIC_BYTES + 1;
    const dictionaryAt = windowAt + (isSingle ? 0 : 1);
    const sizeAt = dictionaryAt + dictionaryBytes;
    this.#need(start, sizeAt + sizeBytes - start, 'a frame header');
    if (dictionaryBytes > 0 && bytes.readUIntLE(dictionaryAt, dictionaryBytes) !== 0) {
      throw this.#corrupt(dictionaryAt, 'a zstd frame needs a dictionary');
    }
    const contentSize = sizeBytes === 0 ? undefined : readContentSize(bytes, sizeAt, sizeBytes);
    const windowLog =
      isSingle && contentSize !== undefined ? logOf(contentSize) : windowLogOf(bytes[windowAt]!);
    if (windowLog > MAX_WINDOW_LOG) {
      throw tooMuch(this.#object, `a zstd window of ${2 ** windowLog} bytes`, 2 ** MAX_WINDOW_LOG);
    }
    const checksumBytes = (descriptor & CHECKSUM) !== 0 ? CHECKSUM_BYTES : 0;
    return { start, blocksStart: sizeAt + sizeBytes, windowLog, contentSize, checksumBytes };
  }

  #need(start: number, length: number, what: string): void {
    if (length <= this.#bytes.length - start) return;
    throw this.#corrupt(start, `${what} of its zstd frame is truncated`);
  }

  #corrupt(offset: number, what: string): WaldoError {
    return corruptObject(this.#object, offset, what);
  }
}

function readContentSize(bytes: Buffer, at: number, length: number): number {
  if (length === 8) return Number(bytes.readBigUInt64LE(at));
  // Two bytes begin where one ends.
  return bytes.readUIntLE(at, length) + (length === 2 ? 256 : 0);
}

/** Five bits of exponent, and three for eighths to be added. */
function windowLogOf(descriptor: number): number {
  return MIN_WINDOW_LOG + (descriptor >>> 3) + ((descriptor & 7) === 0 ? 0 : 1);
}

function logOf(size: number): number {
  return Math.max(MIN_WINDOW_LOG, Math.ceil(Math.log2(size)));
}

function tooMuch(object: string, found: string, maxBytes: number): WaldoError {
  const message = `${object} has ${found}; the limit is ${maxBytes}`;
  return new WaldoError('WALDO_EXCEEDS_LIMIT', message, { object });
}
