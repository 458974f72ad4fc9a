import { WaldoError } from '../../errors.js';

/** There is no such object. */
export function notFound(object: string, cause?: unknown): WaldoError {
  return new WaldoError('WALDO_NOT_FOUND', `there is no object ${object}`, { object }, { cause });
}

/** A conditional write was not applied; `why` tells how the object is instead. */
export function preconditionFailed(object: string, why: string, cause?: unknown): WaldoError {
  const message = `${object} was not written: ${why}`;
  return new WaldoError('WALDO_PRECONDITION', message, { object }, { cause });
}

/** An object has more bytes than the caller, or the store, takes. */
export function tooLong(object: string, bytes: number, maxBytes: number): WaldoError {
  const message = `${object} has ${bytes} bytes; the limit is ${maxBytes}`;
  return new WaldoError('WALDO_EXCEEDS_LIMIT', message, { object });
}

/** The store could not be reached or answered with an error; a write may have been applied all the same. */
export function storeFailed(
  object: string,
  what: string,
  details: { readonly retryable: boolean; readonly status?: number },
  cause?: unknown,
): WaldoError {
  const message = `${object}: ${what}`;
  return new WaldoError('WALDO_STORE', message, { object, ...details }, { cause });
}
