import { WaldoError } from '../errors.js';
import type { Manifest } from './manifest.js';
import { isRange, LogRange } from './range.js';

/**
 * How far a ring's logs are in a manifest, without a gap, from a position on. What cannot be told is taken for not
 * shipped: consumers know how to drop a log that comes twice.
 * @param position the logs up to it have been shipped
 * @throws {@link WaldoError} `WALDO_CORRUPT` if the manifest is damaged
 */
export function shippedThrough(manifest: Manifest, ringId: string, position: number): number {
  let through = position;
  for (const { metadata } of manifest.entries()) {
    for (const { payload } of metadata) {
      const range = readRange(payload);
      if (range?.ringId !== ringId) continue;
      // A range has every log of the ring from `prevSeqNo`, which it does not have, to `lastSeqNo`.
      if (range.prevSeqNo <= through && range.lastSeqNo > through) through = range.lastSeqNo;
    }
  }
  return through;
}

/** The range of a payload, if it is a sound one. */
function readRange(payload: Buffer): LogRange | undefined {
  if (!isRange(payload)) return undefined;
  try {
    return LogRange.decode(payload, undefined, 'the manifest');
  } catch (error) {
    if (error instanceof WaldoError) return undefined;
    throw error;
  }
}
