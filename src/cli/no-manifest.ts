import { WaldoError } from '../index.js';

/** An empty buffer has none; but a wrong path has none either. */
export function noManifest(url: string): WaldoError {
  const message = `there is no manifest ${url}: nothing was ever written there, or the path is wrong`;
  return new WaldoError('WALDO_NOT_FOUND', message, { object: url });
}
