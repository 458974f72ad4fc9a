// What the process that survives knows of a ring, and whether the ring agrees.
import assert from 'node:assert/strict';
import { Cursor, type Waldo, type WaldoReader } from '../../../src/index.js';
import { batchesIn } from '../../integration/support/kill-batches.js';
import { entriesAfter } from '../../integration/support/logs.js';

export class Kept {
  acknowledgements = 0;
  /** What was found last, acknowledged or seen by a reader since: the batch by its last log. */
  readonly #known = new Map<number, string>();
  /** The newest batch that a caller of a run was about to append. */
  readonly #submitted = new Map<string, number>();
  #run = 0;
  #trimmed = 0;
  #cursorMade = false;
  #cursorDone = 0;
  #cursorAsked = 0;

  constructor(readonly ringSize: number) {}

  start(run: number): void {
    this.#run = run;
  }

  /** What the writer of this run says. */
  writer(line: string): void {
    const [what, first, second, third] = line.split(' ');
    if (what === 'sub') this.#submitted.set(`${this.#run} ${first}`, Number(second));
    if (what === 'ack') {
      this.#learn(Number(first), `${this.#run} ${second} ${third}`);
      this.acknowledgements++;
    }
    if (what === 'ask') this.#cursorAsked = Math.max(this.#cursorAsked, Number(first));
    if (what === 'done') {
      this.#cursorMade = true;
      this.#cursorDone = Number(first);
    }
  }

  /** What a reader says, of whichever run. */
  reader(line: string): void {
    const [, last, ...name] = line.split(' ');
    if (Number(last) > this.#trimmed) this.#learn(Number(last), name.join(' '));
  }

  #learn(lastSeqNo: number, name: string): void {
    const known = this.#known.get(lastSeqNo);
    assert(known === undefined || known === name, `log ${lastSeqNo} was of batch ${known}, now of ${name}`);
    this.#known.set(lastSeqNo, name);
  }

  /** Everything known is there unless the ring has trimmed it, and everything there was submitted. */
  async check(ring: Waldo | WaldoReader): Promise<void> {
    assert.deepEqual((await ring.verify()).problems, []);
    const { afterSeqNo, recovery, pages, cursors } = ring.metadata();
    assert.deepEqual(recovery.gaps, []);
    assert(afterSeqNo >= this.#trimmed, `logs up to ${this.#trimmed} had been trimmed, now ${afterSeqNo}`);
    assert(
      afterSeqNo === 0 || pages.length >= this.ringSize - 1,
      `${pages.length} pages are left of ${this.ringSize}`,
    );
    const found = new Map<number, string>();
    for (const { run, caller, batch, lastSeqNo } of batchesIn(
      await entriesAfter(ring, Cursor.trim()),
      afterSeqNo,
    )) {
      const name = `${run} ${caller} ${batch}`;
      const submitted = this.#submitted.get(`${run} ${caller}`) ?? -1;
      assert(batch <= submitted, `batch ${name} was never submitted`);
      found.set(lastSeqNo, name);
    }
    for (const [lastSeqNo, name] of this.#known) {
      if (lastSeqNo > afterSeqNo)
        assert.equal(found.get(lastSeqNo), name, `log ${lastSeqNo} was acknowledged`);
    }
    this.#checkCursor(cursors, ring.prevSeqNo ?? 0);
    // What was found is served from now on, so it stays.
    this.#known.clear();
    for (const [lastSeqNo, name] of found) this.#known.set(lastSeqNo, name);
    this.#trimmed = afterSeqNo;
  }

  #checkCursor(cursors: readonly { position: number; damaged: boolean }[], tip: number): void {
    const cursor = cursors[0];
    if (cursor === undefined) {
      assert(!this.#cursorMade, 'the cursor is gone');
      return;
    }
    const { position, damaged } = cursor;
    assert.equal(damaged, false);
    const range = `${this.#cursorDone} to ${Math.min(this.#cursorAsked, tip)}`;
    assert(
      position >= this.#cursorDone && position <= this.#cursorAsked && position <= tip,
      `the cursor is at ${position}, and must be at ${range}`,
    );
    this.#cursorDone = position;
    this.#cursorAsked = position;
  }
}
