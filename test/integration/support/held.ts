import type { Waldo } from '../../../src/index.js';
import { withCode } from '../../support/rings.js';

/** A log whose commit takes 1 KiB of a ring that is aligned to 512 bytes. */
export const LOG = [Buffer.alloc(900)];

/** Appends until the ring has no page left that nobody holds; how many that were. */
export async function fill(waldo: Waldo): Promise<number> {
  for (let appended = 0; ; appended++) {
    try {
      await waldo.append(LOG, { timeout: 40 });
    } catch (error) {
      withCode('WALDO_FULL')(error as never);
      return appended;
    }
  }
}
