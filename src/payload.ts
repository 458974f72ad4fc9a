import { isUint8Array } from 'node:util/types';
import { describe, invalidArgument, SequenceError, WaldoError } from './errors.js';
import { MAX_SEQ_NO, packedSize } from './log-format.js';

/** What a log holds: bytes, or a string that is stored as UTF-8. */
export type Payload = string | Uint8Array;

/** A log that is appended only if it continues the ring exactly where the caller believes it to end. */
export interface ExplicitLog {
  /** 1 to 2^53−1, greater than `prevSeqNo`. */
  readonly seqNo: number;
  /** The number of the log before: the ring's newest, or the one before in the same batch. */
  readonly prevSeqNo: number;
  readonly data: Payload;
}

/** An explicit batch, taken apart so that every property of its logs is read exactly once. */
export interface ExplicitBatch {
  readonly payloads: readonly Payload[];
  readonly seqNos: readonly number[];
  /** Of the first log. */
  readonly prevSeqNo: number;
}

const MOST_BYTES_PER_CODE_UNIT = 3;

/** The batch as an array: itself if it is one. Its elements have not been looked at. */
export function toArray(logs: unknown): readonly unknown[] {
  if (Array.isArray(logs)) return logs;
  if (typeof logs === 'object' && logs !== null && !ArrayBuffer.isView(logs) && Symbol.iterator in logs) {
    return Array.from(logs as Iterable<unknown>);
  }
  const hint = typeof logs === 'string' || isUint8Array(logs) ? ': wrap a single payload in brackets' : '';
  throw invalidArgument(
    `append expects an array, or another iterable, of logs; received ${describe(logs)}${hint}`,
  );
}

/** Whether the batch is one of explicit logs. Later elements may turn out not to be. */
export function isExplicit(logs: readonly unknown[]): logs is readonly ExplicitLog[] {
  const first = logs[0];
  return typeof first === 'object' && first !== null && !isUint8Array(first) && looksExplicit(first);
}

function looksExplicit(log: object): boolean {
  return 'seqNo' in log || 'data' in log;
}

/**
 * Reads an explicit batch and checks that its logs continue one another.
 * @throws {@link SequenceError} `WALDO_SEQUENCE`; {@link WaldoError} `WALDO_INVALID_ARGUMENT`
 */
export function readExplicit(logs: readonly unknown[]): ExplicitBatch {
  const payloads: Payload[] = [];
  const seqNos: number[] = [];
  let firstPrevSeqNo = 0;
  let expected: number | undefined;
  for (let i = 0; i < logs.length; i++) {
    const log = logs[i];
    if (typeof log !== 'object' || log === null || !looksExplicit(log)) throw badLog(log, i, true);
    const { seqNo, prevSeqNo, data } = log as ExplicitLog;
    checkNumbers(seqNo, prevSeqNo, i);
    if (expected === undefined) firstPrevSeqNo = prevSeqNo;
    else if (prevSeqNo !== expected) {
      throw new SequenceError(
        'WALDO_SEQUENCE',
        `log ${i} has prevSeqNo ${prevSeqNo}, but log ${i - 1} of the same batch has seqNo ${expected}`,
        { seqNo, prevSeqNo, expectedPrevSeqNo: expected },
      );
    }
    expected = seqNo;
    payloads.push(data);
    seqNos.push(seqNo);
  }
  return { payloads, seqNos, prevSeqNo: firstPrevSeqNo };
}

function checkNumbers(seqNo: unknown, prevSeqNo: unknown, index: number): void {
  if (typeof seqNo !== 'number' || typeof prevSeqNo !== 'number') {
    const name = typeof seqNo !== 'number' ? 'seqNo' : 'prevSeqNo';
    const value = typeof seqNo !== 'number' ? seqNo : prevSeqNo;
    throw invalidArgument(`${name} of log ${index} is ${describe(value)}; expected a number`);
  }
  const problem = sequenceProblem(seqNo, prevSeqNo);
  if (problem !== undefined) {
    throw new SequenceError('WALDO_SEQUENCE', `log ${index}: ${problem}`, { seqNo, prevSeqNo });
  }
}

function sequenceProblem(seqNo: number, prevSeqNo: number): string | undefined {
  if (!Number.isSafeInteger(seqNo) || seqNo < 1) {
    return `seqNo ${describe(seqNo)} is not an integer from 1 to ${MAX_SEQ_NO}`;
  }
  if (!Number.isSafeInteger(prevSeqNo) || prevSeqNo < 0) {
    return `prevSeqNo ${describe(prevSeqNo)} is not an integer from 0 to ${MAX_SEQ_NO}`;
  }
  return seqNo > prevSeqNo ? undefined : `seqNo ${seqNo} is not greater than prevSeqNo ${prevSeqNo}`;
}

/** Payloads, and what they take packed. */
export interface Measured {
  readonly payloads: readonly unknown[];
  /** Bytes, at most: a string counts as if each of its code units took as many bytes as one can. */
  bytes: number;
  /** Whether they take exactly as much. */
  exact: boolean;
}

/**
 * Checks every payload, and measures them.
 * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`, `WALDO_EXCEEDS_LIMIT`
 */
export function measure(batch: Measured, maxLogBytes: number): void {
  const { payloads } = batch;
  let bytes = 0;
  let exact = true;
  for (let i = 0; i < payloads.length; i++) {
    const payload = payloads[i];
    let length: number;
    if (typeof payload === 'string') {
      length = payload.length * MOST_BYTES_PER_CODE_UNIT;
      if (length > maxLogBytes) length = Buffer.byteLength(payload);
      exact = false;
    } else if (isUint8Array(payload)) {
      length = payload.length;
      if (length === 0 && isUnreadable(payload)) throw unreadable(i);
    } else {
      throw badLog(payload, i, false);
    }
    if (length > maxLogBytes) {
      throw new WaldoError(
        'WALDO_EXCEEDS_LIMIT',
        `log ${i} has ${length} bytes; at most ${maxLogBytes} are accepted`,
      );
    }
    bytes += packedSize(length);
  }
  batch.bytes = bytes;
  batch.exact = exact;
}

/** The bytes that one payload takes packed. */
export function packedPayloadSize(payload: Payload): number {
  return packedSize(typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length);
}

/** The bytes that the payloads take packed. */
export function packedTotal(payloads: readonly Payload[]): number {
  let bytes = 0;
  for (let i = 0; i < payloads.length; i++) bytes += packedPayloadSize(payloads[i]!);
  return bytes;
}

/**
 * Whether the memory of an array that seems empty is gone: detached, or shrunk to before where the array
 * starts.
 */
function isUnreadable(payload: Uint8Array): boolean {
  try {
    Uint8Array.prototype.indexOf.call(payload, 0);
    return false;
  } catch {
    return true;
  }
}

function unreadable(index: number): WaldoError {
  return invalidArgument(`log ${index} is a Uint8Array whose memory was detached or resized`);
}

function badLog(log: unknown, index: number, explicit: boolean): WaldoError {
  const isPayload = typeof log === 'string' || isUint8Array(log);
  if (explicit ? isPayload : typeof log === 'object' && log !== null && looksExplicit(log)) {
    return invalidArgument(
      `log ${index} ${explicit ? 'has no' : 'has'} sequence numbers, unlike log 0: ` +
        'a batch is either all payloads or all {seqNo, prevSeqNo, data}',
    );
  }
  const expected = explicit ? 'an object {seqNo, prevSeqNo, data}' : 'a string or a Uint8Array';
  return invalidArgument(`log ${index} is ${describe(log)}; expected ${expected}`);
}
