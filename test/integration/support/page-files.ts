import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

// A ring's files as docs/format.md describes them, as far as tests damage them.

export const HEADER_COPY_BYTES = 4096;
/** Where a page's frames begin in its file. */
export const DATA_OFFSET = 2 * HEADER_COPY_BYTES;
const FRAME_MAGIC = Buffer.from('WFRM');
const PAGE_MAGIC = Buffer.from('WAGE');

/** A frame of the log and where it lies. */
export interface FrameOnDisk {
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly at: number;
  readonly page: number;
  /** Bytes from the start of the page's frames. */
  readonly offset: number;
  /** Bytes, padding included. */
  readonly bytes: number;
  /** Bytes, without padding. */
  readonly used: number;
  readonly prevSeqNo: number;
  readonly firstSeqNo: number;
  readonly lastSeqNo: number;
}

export function pageFile(directory: string, slot: number): string {
  return join(directory, `${String(slot).padStart(10, '0')}.page`);
}

/** The frames of a sound ring, the oldest first. */
export function framesOf(
  directory: string,
  geometry: { ringSize: number; fileCapacity: number; alignment: number },
): FrameOnDisk[] {
  const frames: FrameOnDisk[] = [];
  for (let slot = 0; slot < geometry.ringSize; slot++) {
    const file = pageFile(directory, slot);
    const page = existsSync(file) ? pageNumber(file) : undefined;
    if (page !== undefined) frames.push(...framesOfPage(file, page, geometry));
  }
  return frames.sort((a, b) => a.page - b.page || a.offset - b.offset);
}

/** The number of the page that a file holds; `undefined` if it was never used. */
export function pageNumber(file: string): number | undefined {
  const bytes = readFileSync(file);
  const copies = [bytes.subarray(0), bytes.subarray(HEADER_COPY_BYTES)].filter((copy) =>
    copy.subarray(0, 4).equals(PAGE_MAGIC),
  );
  const newest = copies.sort((a, b) => u64(b, 40) - u64(a, 40))[0];
  return newest === undefined ? undefined : u64(newest, 32);
}

function framesOfPage(
  file: string,
  page: number,
  { fileCapacity, alignment }: { fileCapacity: number; alignment: number },
): FrameOnDisk[] {
  const contents = readFileSync(file).subarray(DATA_OFFSET);
  const frames: FrameOnDisk[] = [];
  for (let offset = 0; offset < fileCapacity; ) {
    const header = contents.subarray(offset);
    // What an earlier lap or an earlier ring left there says that it lies elsewhere.
    if (!header.subarray(0, 4).equals(FRAME_MAGIC) || u64(header, 48) !== page * fileCapacity + offset) break;
    const used = header.readUInt32LE(12);
    const bytes = Math.ceil(used / alignment) * alignment;
    frames.push({
      file,
      at: DATA_OFFSET + offset,
      page,
      offset,
      bytes,
      used,
      prevSeqNo: u64(header, 64),
      firstSeqNo: u64(header, 72),
      lastSeqNo: u64(header, 80),
    });
    offset += bytes;
  }
  return frames;
}

function u64(bytes: Buffer, offset: number): number {
  return Number(bytes.readBigUInt64LE(offset));
}

/** Changes bytes of a file in place; returns what was there. */
export function overwrite(file: string, at: number, bytes: Uint8Array): Buffer {
  const descriptor = openSync(file, 'r+');
  try {
    const before = Buffer.alloc(bytes.length);
    assert.equal(readSync(descriptor, before, 0, bytes.length, at), bytes.length);
    writeSync(descriptor, bytes, 0, bytes.length, at);
    return before;
  } finally {
    closeSync(descriptor);
  }
}

export function flipBit(file: string, at: number, bit: number): void {
  const before = overwrite(file, at, Buffer.alloc(1));
  overwrite(file, at, Buffer.from([before[0]! ^ (1 << (bit % 8))]));
}

export function zero(file: string, at: number, bytes: number): void {
  overwrite(file, at, Buffer.alloc(bytes));
}

/** Both copies of a page's header. */
export function readHeaders(file: string): Buffer {
  return readFileSync(file).subarray(0, DATA_OFFSET);
}
