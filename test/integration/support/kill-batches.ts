import assert from 'node:assert/strict';
import type { Entry } from './logs.js';

export const CALLERS = 8;

/** Which batch a log belongs to. Everything in it follows from these. */
export interface BatchName {
  readonly run: number;
  readonly caller: number;
  readonly batch: number;
}

/** The payloads of a batch: 1 to 5, which say where they belong, and are of various lengths. */
export function batchOf({ run, caller, batch }: BatchName): string[] {
  const count = 1 + ((caller + batch) % 5);
  return Array.from({ length: count }, (_, i) => {
    const head = `${run} ${caller} ${batch} ${i} `;
    return head.padEnd(head.length + ((run * 31 + caller * 173 + batch * 7 + i * 57) % 700), `${batch % 10}`);
  });
}

/** A batch that was found in the ring, and where. */
export interface FoundBatch extends BatchName {
  readonly firstSeqNo: number;
  readonly lastSeqNo: number;
}

/**
 * Takes recovered logs apart into batches. Every batch is whole, as it was appended, and in one piece, except
 * the oldest, whose beginning may have been trimmed; a caller's batches are in order, none missing between.
 */
export function batchesIn(entries: readonly Entry[], afterSeqNo: number): FoundBatch[] {
  const found: FoundBatch[] = [];
  const newest = new Map<string, number>();
  for (let i = 0; i < entries.length; ) {
    const first = entries[i]!;
    const [run, caller, batch, index] = first.data.toString().split(' ', 4).map(Number) as [
      number,
      number,
      number,
      number,
    ];
    const rest = batchOf({ run, caller, batch }).slice(index);
    assert(index === 0 || i === 0, `log ${first.seqNo} begins in the middle of a batch`);
    for (const [j, text] of rest.entries()) {
      const log = entries[i + j];
      const prevSeqNo = entries[i + j - 1]?.seqNo ?? afterSeqNo;
      assert(log !== undefined, `batch ${run} ${caller} ${batch} ends after ${j} of ${rest.length} logs`);
      assert.deepEqual([log.seqNo, log.prevSeqNo], [prevSeqNo + 1, prevSeqNo]);
      assert.equal(log.data.toString(), text);
    }
    const key = `${run} ${caller}`;
    const before = newest.get(key);
    assert(
      before === undefined || batch === before + 1,
      `batch ${before} of caller ${key} precedes ${batch}`,
    );
    newest.set(key, batch);
    i += rest.length;
    found.push({ run, caller, batch, firstSeqNo: first.seqNo, lastSeqNo: entries[i - 1]!.seqNo });
  }
  return found;
}
