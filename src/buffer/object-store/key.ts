import { describe, invalidArgument } from '../../errors.js';

/** What Azure and Google take; S3 takes as many bytes. */
const MAX_KEY_LENGTH = 1024;
const SEGMENT = /^[A-Za-z0-9!_.*'()=@+,~-]+$/;

/**
 * Refuses keys that are not safe everywhere: as S3's, Google's and Azure's names, and as paths below a directory.
 * Allowed are segments of ASCII letters, digits and `!_.*'()=@+,~-` with `/` between them, none of which is `.` or
 * `..`, at most 1,024 characters together.
 * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`
 */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key !== 'string')
    throw invalidArgument(`an object's key is a string; received ${describe(key)}`);
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
    throw invalidArgument(`an object's key has 1 to ${MAX_KEY_LENGTH} characters; received ${key.length}`);
  }
  for (const segment of key.split('/')) {
    if (isSegment(segment)) continue;
    throw invalidArgument(
      `${describe(segment)} cannot be part of an object's key; received ${describe(key)}`,
    );
  }
}

/** Whether {@link checkKey} takes it. */
export function isKey(text: string): boolean {
  return text.length > 0 && text.length <= MAX_KEY_LENGTH && text.split('/').every(isSegment);
}

/** Whether it can stand between the slashes of a key. */
export function isSegment(text: string): boolean {
  return SEGMENT.test(text) && text !== '.' && text !== '..';
}
