import { inspect } from 'node:util';
import type { NativeError } from './binding.js';

/**
 * What went wrong, as a stable string to branch on.
 *
 * | code | meaning |
 * |---|---|
 * | `WALDO_IO` | the operating system refused a read, a write or a thread; `errno`, `syscall`, `path` |
 * | `WALDO_SEQUENCE` | explicit sequence numbers are out of range or do not continue the log |
 * | `WALDO_CONFLICT` | they would have continued the log, but an append in flight came first |
 * | `WALDO_EXCEEDS_LIMIT` | a log is too long, or sequence numbers are used up |
 * | `WALDO_TRIMMED` | the ring has overwritten the logs asked for; `oldestSeqNo` |
 * | `WALDO_CORRUPT` | stored bytes are not what was written; `page`, `offset`, `firstLost`, `lastLost` |
 * | `WALDO_LOCKED` | somebody else has the ring open for writing; `holder` |
 * | `WALDO_CLOSED` | the ring, or whatever was asked, was closed |
 * | `WALDO_FULL` | a durable cursor holds the page to be reused: `cursor`, `lag` |
 * | `WALDO_OPTION` | an option is unknown, out of range or contradicts another or the ring; `option` |
 * | `WALDO_ABORTED` | an `AbortSignal` ended the operation; `cause` is the signal's reason |
 * | `WALDO_CURSOR` | a cursor is no cursor, or lies beyond the newest log |
 * | `WALDO_VERSION` | the ring was written by an incompatible version |
 * | `WALDO_NOT_FOUND` | there is no ring in the directory, no cursor of that name, or no such object: `object` |
 * | `WALDO_STORE` | an object store cannot be reached or answered with an error; `retryable`, `status`, `object` |
 * | `WALDO_PRECONDITION` | an object was not as a conditional write expected it: `object` |
 * | `WALDO_FENCED` | another consumer has taken over the manifest: `object` |
 * | `WALDO_UNSUPPORTED` | an object store lacks what the buffer relies on |
 * | `WALDO_MISSING_PACKAGE` | an optional package has to be installed first; the message says how |
 * | `WALDO_INVALID_ARGUMENT` | an argument has the wrong type, or a payload cannot be read |
 * | `WALDO_NO_MEMORY` | memory ran out for what was asked for, or for what the ring was writing: it is then latched |
 * | `WALDO_INTERNAL` | a defect of Waldo, or an addon that cannot be loaded |
 */
export type WaldoErrorCode =
  | 'WALDO_IO'
  | 'WALDO_SEQUENCE'
  | 'WALDO_CONFLICT'
  | 'WALDO_EXCEEDS_LIMIT'
  | 'WALDO_TRIMMED'
  | 'WALDO_CORRUPT'
  | 'WALDO_LOCKED'
  | 'WALDO_CLOSED'
  | 'WALDO_FULL'
  | 'WALDO_OPTION'
  | 'WALDO_ABORTED'
  | 'WALDO_CURSOR'
  | 'WALDO_VERSION'
  | 'WALDO_NOT_FOUND'
  | 'WALDO_STORE'
  | 'WALDO_PRECONDITION'
  | 'WALDO_FENCED'
  | 'WALDO_UNSUPPORTED'
  | 'WALDO_MISSING_PACKAGE'
  | 'WALDO_INVALID_ARGUMENT'
  | 'WALDO_NO_MEMORY'
  | 'WALDO_INTERNAL';

/** Every error that Waldo makes. Branch on `code`; messages may change. */
export class WaldoError extends Error {
  static {
    // On the prototype, so that a stack trace starts with the name and no error carries it as a property.
    Object.defineProperty(WaldoError.prototype, 'name', { value: 'WaldoError', configurable: true });
  }

  readonly code: WaldoErrorCode;

  // What else an error knows depends on its code.
  /** `WALDO_IO`: the operating system's error number, positive. */
  declare readonly errno?: number;
  /** `WALDO_IO`: the number's symbolic name, for example `ENOSPC`. */
  declare readonly errnoName?: string;
  /** `WALDO_IO`: the system call that failed. */
  declare readonly syscall?: string;
  /** `WALDO_IO`, `WALDO_CORRUPT`: the file. */
  declare readonly path?: string;
  /** `WALDO_CORRUPT`: the page's number in the log, counted from the ring's creation. */
  declare readonly page?: number;
  /** `WALDO_CORRUPT`: bytes from the start of the page's frames, or of the object's (decompressed) content. */
  declare readonly offset?: number;
  /** Of object stores: the URL of the object that is meant, without credentials. */
  declare readonly object?: string;
  /** `WALDO_STORE`: whether trying again may help. */
  declare readonly retryable?: boolean;
  /** `WALDO_STORE`: the HTTP status, where there was one. */
  declare readonly status?: number;
  /** `WALDO_CORRUPT`: the first log lost. */
  declare readonly firstLost?: number;
  /** `WALDO_CORRUPT`: the last log lost. */
  declare readonly lastLost?: number;
  /** `WALDO_TRIMMED`: the oldest log still there; absent if there is none. */
  declare readonly oldestSeqNo?: number;
  /** `WALDO_LOCKED`: who holds the ring. */
  declare readonly holder?: string;
  /** `WALDO_FULL`: the name of the cursor that holds the page. */
  declare readonly cursor?: string;
  /** `WALDO_FULL`: sequence numbers between that cursor and the newest durable log. */
  declare readonly lag?: number;
  /** `WALDO_OPTION`: the option's name. */
  declare readonly option?: string;
  /** `WALDO_SEQUENCE`, `WALDO_CONFLICT`: the sequence number that was refused. */
  declare readonly seqNo?: number;
  /** `WALDO_SEQUENCE`, `WALDO_CONFLICT`: the predecessor it was given. */
  declare readonly prevSeqNo?: number;
  /** `WALDO_SEQUENCE`, `WALDO_CONFLICT`: the predecessor it would have needed. */
  declare readonly expectedPrevSeqNo?: number;

  constructor(code: WaldoErrorCode, message: string, details?: WaldoErrorDetails, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    if (details !== undefined) Object.assign(this, details);
  }
}

/** What an error knows besides its code and message. */
export type WaldoErrorDetails = Omit<WaldoError, keyof Error | 'code'>;

/** Explicit sequence numbers that do not continue the log: `WALDO_SEQUENCE` or `WALDO_CONFLICT`. */
export class SequenceError extends WaldoError {
  static {
    Object.defineProperty(SequenceError.prototype, 'name', { value: 'SequenceError', configurable: true });
  }

  declare readonly code: 'WALDO_SEQUENCE' | 'WALDO_CONFLICT';

  constructor(code: 'WALDO_SEQUENCE' | 'WALDO_CONFLICT', message: string, details: WaldoErrorDetails) {
    super(code, message, details);
  }
}

/** Indexed by the native engine's codes (native/status.h). */
const NATIVE_CODES: readonly WaldoErrorCode[] = [
  'WALDO_INTERNAL',
  'WALDO_IO',
  'WALDO_CORRUPT',
  'WALDO_TRIMMED',
  'WALDO_LOCKED',
  'WALDO_CLOSED',
  'WALDO_OPTION',
  'WALDO_VERSION',
  'WALDO_EXCEEDS_LIMIT',
  'WALDO_INTERNAL',
  'WALDO_CURSOR',
  'WALDO_NOT_FOUND',
  'WALDO_FULL',
  'WALDO_NO_MEMORY',
];

export function fromNative(error: NativeError): WaldoError {
  const { code, message, ...details } = error;
  return new WaldoError(NATIVE_CODES[code] ?? 'WALDO_INTERNAL', message, details);
}

export function abortedError(what: string, reason: unknown): WaldoError {
  return new WaldoError('WALDO_ABORTED', `${what} was aborted`, undefined, { cause: reason });
}

export function closedError(what = 'the ring'): WaldoError {
  return new WaldoError('WALDO_CLOSED', `${what} is closed`);
}

/** A page is held that an append needs. */
export function fullError(cursor: string, position: number, tip: number): WaldoError {
  const lag = Math.max(0, tip - position);
  const message = `the ring is full: cursor ${cursor} holds the logs after ${position}, ${lag} behind the tip`;
  return new WaldoError('WALDO_FULL', message, { cursor, lag });
}

/** Whether it is an error of ours with that code. */
export function hasCode(error: unknown, code: WaldoErrorCode): error is WaldoError {
  return error instanceof WaldoError && error.code === code;
}

export function invalidArgument(message: string): WaldoError {
  return new WaldoError('WALDO_INVALID_ARGUMENT', message);
}

/** A value as it is shown in a message: short and on one line. */
export function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return article(className(value));
  return inspect(value, { maxStringLength: 40, breakLength: Number.POSITIVE_INFINITY });
}

function className(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

function article(noun: string): string {
  return `${/^[AEIO]/.test(noun) ? 'an' : 'a'} ${noun}`;
}
