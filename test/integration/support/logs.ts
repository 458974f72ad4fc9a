import { Cursor, type LogStream, type Waldo, type WaldoError, type WaldoReader } from '../../../src/index.js';
import { withCode } from '../../support/rings.js';

/** A log as a test remembers it. */
export interface Entry {
  readonly seqNo: number;
  readonly prevSeqNo: number;
  readonly data: Buffer;
}

/** What a stream delivers until it ends, copied. */
export async function entriesOf(stream: LogStream): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const logs of stream) {
    for (const { seqNo, prevSeqNo, data } of logs)
      entries.push({ seqNo, prevSeqNo, data: Buffer.from(data) });
  }
  return entries;
}

/** What a ring holds after a cursor, copied. */
export function entriesAfter(ring: Waldo | WaldoReader, cursor: Cursor): Promise<Entry[]> {
  return entriesOf(ring.query(cursor));
}

/** Bytes that differ from log to log, and that no other seed gives. */
export function bytesOf(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (seed + 1) * 2654435761;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** What a reader is told that it cannot get. */
export interface LostRange {
  readonly firstLost: number;
  readonly lastLost: number;
}

/** Reads everything, going on after every gap. */
export async function readOver(ring: Waldo | WaldoReader): Promise<{ entries: Entry[]; gaps: LostRange[] }> {
  const entries: Entry[] = [];
  const gaps: LostRange[] = [];
  let cursor = Cursor.trim();
  for (;;) {
    try {
      for await (const logs of ring.query(cursor)) {
        for (const { seqNo, prevSeqNo, data } of logs)
          entries.push({ seqNo, prevSeqNo, data: Buffer.from(data) });
      }
      return { entries, gaps };
    } catch (error) {
      const { firstLost, lastLost } = error as WaldoError;
      withCode('WALDO_CORRUPT', new RegExp(`${firstLost} to ${lastLost}`))(error as WaldoError);
      gaps.push({ firstLost: firstLost!, lastLost: lastLost! });
      cursor = Cursor.after(lastLost!);
    }
  }
}

/** What some tests append as log `seqNo`: 4 KiB with its header, less a frame's header. */
export function textOf(seqNo: number): string {
  return `${seqNo}`.padEnd(4096 - 24 - 96, '.');
}
