import { constants } from 'node:buffer';
import { isUint8Array } from 'node:util/types';
import { compress } from '@mongodb-js/zstd';
import { describe, invalidArgument, WaldoError } from '../errors.js';
import { corruptObject, unknownVersion } from './stored-bytes.js';
import { expand } from './zstd-frame.js';

/** How a batch's records are stored. */
export type Compression = 'none' | 'zstd';

const VERSION = 1;

/** Footer: u8 compression, u32 record count, u16 version. */
const FOOTER_BYTES = 7;
const COUNT_AT = 1;
const VERSION_AT = 5;

/** What the footer's first byte means. */
const COMPRESSIONS: readonly Compression[] = ['none', 'zstd'];
const ZSTD_LEVEL = 3;

/** Before a record: its length as u32. */
export const LENGTH_BYTES = 4;
const MAX_U32 = 0xffff_ffff;

const DEFAULT_CAPACITY = 64 * 1024;

/** Up to so many bytes a loop is faster than a call into native code. */
const SHORT_RECORD = 40;

/** Taken from the prototype once: looking it up for every record costs as much as copying a short one. */
const copyBytes = Uint8Array.prototype.set;

/** Packs the records of a batch into one buffer, with no object a record. The buffer doubles when it is full. */
export class RecordBlock {
  #bytes: Buffer;
  #end = 0;
  #count = 0;
  #finished = false;
  #memory: Buffer = Buffer.alloc(0);

  /**
   * @param capacity room for records and lengths to begin with, in bytes: 0 to 2^32−8; or the memory of a block that
   *   was, whose batch nobody needs any more: {@link takeMemory}. Default: 64 KiB.
   */
  constructor(capacity: number | Buffer = DEFAULT_CAPACITY) {
    this.#bytes =
      typeof capacity === 'number'
        ? Buffer.allocUnsafeSlow(checkedCapacity(capacity) + FOOTER_BYTES)
        : capacity;
  }

  /** What the records were packed into, once the block is used up and nobody needs its batch any more. */
  takeMemory(): Buffer {
    const memory = this.#memory;
    this.#memory = Buffer.alloc(0);
    return memory;
  }

  get recordCount(): number {
    return this.#count;
  }

  /** Bytes of the block so far, lengths included. */
  get byteLength(): number {
    return this.#end;
  }

  /** Bytes of the records so far. */
  get payloadBytes(): number {
    return this.#end - this.#count * LENGTH_BYTES;
  }

  /**
   * Copies bytes in as the next record.
   * @throws {@link WaldoError} `WALDO_EXCEEDS_LIMIT` if the block becomes too long; it is as it was then
   */
  append(record: Uint8Array): void {
    const { length } = record;
    const at = this.#reserve(1, LENGTH_BYTES + length);
    const bytes = this.#bytes;
    bytes[at] = length;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length >>> 16;
    bytes[at + 3] = length >>> 24;
    const to = at + LENGTH_BYTES;
    if (length <= SHORT_RECORD) for (let i = 0; i < length; i++) bytes[to + i] = record[i]!;
    else copyBytes.call(bytes, record, to);
  }

  /**
   * Adds `count` records at once.
   * @param byteLength of all of them, each with a length of u32 before it
   * @param write puts them there, from `at` on, lengths included
   * @throws as {@link append}
   */
  appendAll(count: number, byteLength: number, write: (target: Buffer, at: number) => unknown): void {
    const at = this.#reserve(count, byteLength);
    write(this.#bytes, at);
  }

  /**
   * Makes the batch of the records: the object's content. The block is used up.
   * @throws {@link WaldoError} `WALDO_INTERNAL` if it was used up before
   */
  async finish(compression: Compression): Promise<Buffer> {
    if (this.#finished) throw new WaldoError('WALDO_INTERNAL', 'a record block was finished twice');
    const code = COMPRESSIONS.indexOf(compression);
    if (code < 0) {
      throw invalidArgument(`a batch's compression is none or zstd; received ${describe(compression)}`);
    }
    this.#finished = true;
    const bytes = this.#bytes;
    this.#memory = bytes;
    this.#bytes = Buffer.alloc(0);
    if (compression === 'none') return this.#withFooter(bytes, this.#end, code);
    const compressed = await compress(bytes.subarray(0, this.#end), ZSTD_LEVEL);
    const body = Buffer.allocUnsafeSlow(compressed.length + FOOTER_BYTES);
    compressed.copy(body);
    return this.#withFooter(body, compressed.length, code);
  }

  #withFooter(bytes: Buffer, end: number, code: number): Buffer {
    bytes[end] = code;
    bytes.writeUInt32LE(this.#count, end + COUNT_AT);
    bytes.writeUInt16LE(VERSION, end + VERSION_AT);
    return bytes.subarray(0, end + FOOTER_BYTES);
  }

  /** Makes room for so many records more, and returns where they start. */
  #reserve(count: number, byteLength: number): number {
    const at = this.#end;
    const next = at + byteLength;
    if (next + FOOTER_BYTES > this.#bytes.length) this.#grow(next + FOOTER_BYTES);
    this.#end = next;
    this.#count += count;
    return at;
  }

  #grow(needed: number): void {
    if (this.#finished) throw new WaldoError('WALDO_INTERNAL', 'a finished record block was appended to');
    if (needed > MAX_BATCH_BYTES) {
      throw new WaldoError(
        'WALDO_EXCEEDS_LIMIT',
        `a batch has at most ${MAX_BATCH_BYTES} bytes; this one would have ${needed}`,
      );
    }
    const grown = Buffer.allocUnsafeSlow(Math.min(MAX_BATCH_BYTES, Math.max(needed, this.#bytes.length * 2)));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }
}

/** The footer's count and the records' lengths then fit into their u32, too. */
const MAX_BATCH_BYTES = Math.min(MAX_U32, constants.MAX_LENGTH);

function checkedCapacity(bytes: number): number {
  const max = MAX_BATCH_BYTES - FOOTER_BYTES;
  if (Number.isInteger(bytes) && bytes >= 0 && bytes <= max) return bytes;
  throw invalidArgument(`a block's capacity is an integer from 0 to ${max}; received ${describe(bytes)}`);
}

/**
 * Encodes a batch: the content of its object.
 * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`, `WALDO_EXCEEDS_LIMIT`
 */
export async function encodeBatch(records: Iterable<Uint8Array>, compression: Compression): Promise<Buffer> {
  const block = new RecordBlock();
  for (const record of records) {
    if (!isUint8Array(record)) {
      throw invalidArgument(`record ${block.recordCount} is ${describe(record)}; expected a Uint8Array`);
    }
    block.append(record);
  }
  return block.finish(compression);
}

/** What a batch may make of memory, whatever it says. */
export interface DecodeLimits {
  /** Bytes of the record block, decompressed, lengths included. Default: 256 MiB. */
  readonly maxBytes: number;
  /** Each takes about 100 bytes of memory besides its own. Default: 16 Mi. */
  readonly maxRecords: number;
}

/** Puts the defaults in. */
export function decodeLimits(limits: Partial<DecodeLimits> = {}): DecodeLimits {
  return {
    maxBytes: limits.maxBytes ?? 256 * 1024 ** 2,
    maxRecords: limits.maxRecords ?? 16 * 1024 ** 2,
  };
}

/**
 * Decodes a batch. Nothing in it is trusted.
 * @param bytes the object's content; must not change any more.
 * @param object names it in errors.
 * @returns its records, as views.
 * @throws {@link WaldoError} `WALDO_CORRUPT`, `WALDO_VERSION`; `WALDO_EXCEEDS_LIMIT`, before anything of that size is
 *   allocated
 */
export async function decodeBatch(
  bytes: Buffer,
  object: string,
  limits?: Partial<DecodeLimits>,
): Promise<readonly Buffer[]> {
  const { maxBytes, maxRecords } = decodeLimits(limits);
  const footer = bytes.length - FOOTER_BYTES;
  if (footer < 0) {
    throw corruptObject(object, 0, `a batch has at least ${FOOTER_BYTES} bytes; found ${bytes.length}`);
  }
  const version = bytes.readUInt16LE(footer + VERSION_AT);
  if (version !== VERSION) throw unknownVersion(object, 'batch', version, VERSION);
  const compression = COMPRESSIONS[bytes[footer]!];
  if (compression === undefined) {
    throw corruptObject(object, footer, `its compression ${bytes[footer]} is unknown`);
  }
  const count = bytes.readUInt32LE(footer + COUNT_AT);
  if (count > maxRecords) throw exceeds(object, `${count} records`, `${maxRecords} records`);
  const stored = bytes.subarray(0, footer);
  const block = compression === 'none' ? stored : await expand(stored, object, maxBytes);
  if (block.length > maxBytes) throw exceeds(object, `${block.length} bytes of records`, `${maxBytes} bytes`);
  return split(block, count, object);
}

function split(block: Buffer, count: number, object: string): readonly Buffer[] {
  if (count * LENGTH_BYTES > block.length) {
    throw corruptObject(object, 0, `${block.length} bytes cannot be ${count} records`);
  }
  const records: Buffer[] = new Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = at + LENGTH_BYTES;
    if (start > block.length) throw corruptObject(object, at, `record ${i} of ${count} is missing`);
    const length = block.readUInt32LE(at);
    if (length > block.length - start) {
      const left = block.length - start;
      throw corruptObject(object, at, `record ${i} has ${length} bytes, but ${left} are left`);
    }
    at = start + length;
    records[i] = block.subarray(start, at);
  }
  if (at !== block.length) {
    throw corruptObject(object, at, `${block.length - at} bytes follow the last of ${count} records`);
  }
  return records;
}

function exceeds(object: string, found: string, limit: string): WaldoError {
  return new WaldoError('WALDO_EXCEEDS_LIMIT', `${object} has ${found}; the limit is ${limit}`, { object });
}
