import assert from 'node:assert/strict';
import type { Log } from '../../../src/index.js';

/** The payload of the log of a number: its length and every byte follow from the number. */
export function numberedLog(seqNo: number): string {
  return `${seqNo} `.padEnd(20 + ((seqNo * 7919) % 1500), `${seqNo % 10}`);
}

export function checkLog(log: Log): void {
  assert.equal(log.text(), numberedLog(log.seqNo));
}
