import { WaldoError } from '../errors.js';

/** An object's bytes are not what is written there; `offset` is where that was noticed. */
export function corruptObject(object: string, offset: number, what: string, cause?: unknown): WaldoError {
  const message = `${object} is damaged at offset ${offset}: ${what}`;
  return new WaldoError('WALDO_CORRUPT', message, { object, offset }, { cause });
}

/** An object has a version of its format that is not known here. */
export function unknownVersion(object: string, format: string, found: number, known: number): WaldoError {
  const message = `${object} has version ${found} of the ${format} format; version ${known} is supported`;
  return new WaldoError('WALDO_VERSION', message, { object });
}
