import { types } from 'node:util';
import { abortedError, describe, invalidArgument } from '../../errors.js';
import { checkKey } from './key.js';
import { type GetOptions, MAX_OBJECT_BYTES, type StoreOptions } from './object-store.js';
import { tooLong } from './store-errors.js';

/** What all stores refuse alike, so that what works on one works on the next. */

/** @param name the object's, for messages. */
export function throwIfAborted(options: StoreOptions, name: string): void {
  if (options.signal?.aborted) throw abortedError(`the request for ${name}`, options.signal.reason);
}

/** Checks what is to be written. */
export function checkPut(key: string, body: Uint8Array, name: string): void {
  checkKey(key);
  if (!types.isUint8Array(body))
    throw invalidArgument(`an object's body is a Uint8Array; received ${describe(body)}`);
  if (body.length > MAX_OBJECT_BYTES) throw tooLong(name, body.length, MAX_OBJECT_BYTES);
}

/** The options of a read, checked. */
export interface Read {
  readonly range: { readonly start: number; readonly end: number } | undefined;
  readonly maxBytes: number;
}

export function checkGet(key: string, options: GetOptions): Read {
  checkKey(key);
  const { range, maxBytes = MAX_OBJECT_BYTES } = options;
  if (range !== undefined && !(isCount(range.start) && isCount(range.end) && range.start <= range.end)) {
    throw invalidArgument(
      `a range has integers 0 <= start <= end; received ${describe(range.start)} to ${describe(range.end)}`,
    );
  }
  if (!isCount(maxBytes) && maxBytes !== Number.POSITIVE_INFINITY)
    throw invalidArgument(`maxBytes is a number of bytes; received ${describe(maxBytes)}`);
  return { range, maxBytes };
}

/** Where in an object of `size` bytes the bytes asked for lie. Refuses more than the read allows. */
export function sliceOf(read: Read, size: number, name: string): { start: number; end: number } {
  const start = Math.min(read.range?.start ?? 0, size);
  const end = Math.min(read.range?.end ?? size, size);
  if (end - start > read.maxBytes) throw tooLong(name, end - start, read.maxBytes);
  return { start, end };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
