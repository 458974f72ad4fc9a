import type { NativeCursor, NativeMetadata, NativeOpened } from './binding.js';
import type { CursorInfo } from './durable-cursor.js';
import { encodeRingId } from './ring-id.js';

/** One page of the ring. */
export interface PageMetadata {
  /** The page's number in the log, counted from the ring's creation. */
  readonly page: number;
  /** The file that holds it: `page % ringSize`. */
  readonly slot: number;
  /** Of its first log; 0 if it has none. */
  readonly firstSeqNo: number;
  readonly lastSeqNo: number;
  readonly logCount: number;
  /** Bytes of frames. */
  readonly bytes: number;
  /** Whether no more logs will be written to it. */
  readonly sealed: boolean;
  /** Entries of its sparse index. */
  readonly indexCount: number;
}

/** A range of logs that an open with `salvage` found to be lost. An end that nothing tells is left out. */
export interface Gap {
  readonly page: number;
  /** Bytes from the start of the page's frames. */
  readonly offset: number;
  readonly firstLost?: number;
  readonly lastLost?: number;
}

/** What opening the ring found, and what it did about it. */
export interface Recovery {
  /**
   * `created`: there was no ring. `clean`: it had been closed. `recovered`: it had not, and what follows the
   * last complete commit was removed. `salvaged`: acknowledged logs are lost, see `gaps`. `live`: a reader has
   * opened it beside its writer, and there was nothing to recover.
   */
  readonly outcome: 'created' | 'clean' | 'recovered' | 'salvaged' | 'live';
  /** Bytes of commits that were never completed. */
  readonly tornBytes: number;
  /** Bytes that were written again, to be sure that they are durable. */
  readonly rewrittenBytes: number;
  /** Bytes that were read to find the end of the log. */
  readonly scannedBytes: number;
  readonly scannedFrames: number;
  /** What was put right, in sentences for people. */
  readonly healed: readonly string[];
  readonly gaps: readonly Gap[];
}

/** The ring as it is now. */
export interface Metadata {
  /** The ring's id, a ULID; made when the ring was created. */
  readonly ringId: string;
  /** The id of this opening of the ring, 16 hexadecimal digits. */
  readonly epoch: string;
  /** The newest durable log; `undefined` while there is none. */
  readonly prevSeqNo: number | undefined;
  /** What precedes the oldest log: `Cursor.after(afterSeqNo)` reads everything. */
  readonly afterSeqNo: number;
  /** Logs that the ring holds. */
  readonly logCount: number;
  /** Entries of the sparse indexes of all pages. */
  readonly indexCount: number;
  /** Bytes of the ring's files. */
  readonly diskSize: number;
  /** Bytes of the indexes in memory. */
  readonly indexSize: number;
  /** Commits since the ring was opened. */
  readonly commits: number;
  /** The pages that hold logs, the oldest first. */
  readonly pages: readonly PageMetadata[];
  /** The durable cursors, by name. */
  readonly cursors: readonly CursorInfo[];
  readonly recovery: Recovery;

  // The options in effect.
  readonly ringSize: number;
  readonly fileCapacity: number;
  readonly pageCapacity: number;
  readonly indexCapacity: number;
  readonly indexSparseBytes: number;
  readonly indexSparseCount: number;
  readonly bufCapacity: number;
  readonly alignment: number;
  readonly directIo: boolean;
  readonly fileODsync: boolean;
  /** What slabs lie on. */
  readonly hugeBuf: 'none' | 'transparent' | 'explicit';
  /** Data bytes of a log, at most. */
  readonly maxLogBytes: number;
}

export function toCursorInfo({ name, position, hold, damaged }: NativeCursor, tip: number): CursorInfo {
  return { name, position, lag: Math.max(0, tip - position), hold, damaged };
}

export function toMetadata(
  native: NativeMetadata,
  opened: NativeOpened,
  cursors: readonly NativeCursor[],
): Metadata {
  const { empty, prevSeqNo, ringId, ...rest } = native;
  return {
    ...rest,
    ringId: encodeRingId(ringId),
    prevSeqNo: empty ? undefined : prevSeqNo,
    cursors: cursors.map((cursor) => toCursorInfo(cursor, prevSeqNo)),
    hugeBuf: opened.hugeBuf,
    maxLogBytes: opened.maxLogBytes,
  };
}
