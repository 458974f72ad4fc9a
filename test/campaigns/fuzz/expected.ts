import assert from 'node:assert/strict';
import { WaldoError } from '../../../src/errors.js';

/** What a damaged or hostile object may be refused with. */
const REFUSALS: readonly string[] = ['WALDO_CORRUPT', 'WALDO_VERSION', 'WALDO_EXCEEDS_LIMIT'];

/** How objects are named in errors. */
export const OBJECT = 'mutant';

/** Runs what may only refuse an object; tells whether it did not. */
export async function accepts(read: () => void | Promise<void>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    // What an assertion has found is no refusal.
    if (!(error instanceof WaldoError)) throw error;
    assert.ok(REFUSALS.includes(error.code), `${error.code}: ${error.message}`);
    assert.equal(error.object, OBJECT);
    return false;
  }
}
