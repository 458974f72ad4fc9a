import { setImmediate as nextTurn } from 'node:timers/promises';
import { Cursor, type Logs, type Waldo } from 'waldo';
import type { Corpus } from './corpus.js';

/**
 * Many readers of one ring, in one process. Each follows the ring on its own and checks every log it gets:
 * that it is the next one, that it is linked to the one before, and that its bytes are those of the source
 * line.
 */
export class Readers {
  /** Logs delivered and checked, all readers together. */
  delivered = 0;
  bytes = 0;

  readonly #running: Promise<void>[];
  readonly #positions: number[];
  #goal = 0;
  #behind = 0;
  #arrived: PromiseWithResolvers | undefined;
  #failure: unknown;

  constructor(
    readonly waldo: Waldo,
    readonly corpus: Corpus,
    /** The ring's last log before the first line. */
    readonly base: number,
    count: number,
  ) {
    this.#positions = new Array(count).fill(base);
    this.#running = this.#positions.map((_, reader) => this.#follow(reader));
    this.#running.forEach((running, reader) => {
      running.then(
        () => this.#fail(new Error(`reader ${reader} ended at log ${this.#positions[reader]}`)),
        (error: unknown) => this.#fail(error),
      );
    });
  }

  /** Settles when every reader has checked the log with this number; rejects if one of them failed. */
  async reach(seqNo: number): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#goal = seqNo;
    this.#behind = this.#positions.filter((position) => position < seqNo).length;
    if (this.#behind === 0) return;
    this.#arrived = withResolvers();
    await this.#arrived.promise;
  }

  /** After the ring was closed: every reader's loop has ended, and none before the last log. */
  async finish(lastSeqNo: number): Promise<void> {
    await Promise.all(this.#running);
    this.#positions.forEach((position, reader) => {
      if (position !== lastSeqNo)
        throw new Error(`reader ${reader} ended at log ${position}, not at ${lastSeqNo}`);
    });
  }

  async #follow(reader: number): Promise<void> {
    const check = new Checker(this.corpus, this.base, this.base, `reader ${reader}`);
    for await (const logs of this.waldo.tail(Cursor.after(this.base))) {
      // A thousand readers check each commit in this thread: let those who wait for the commit itself go
      // first.
      await nextTurn();
      this.bytes += check.all(logs);
      this.delivered += logs.length;
      this.#advance(reader, check.position);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#arrived?.reject(error);
  }

  #advance(reader: number, position: number): void {
    const before = this.#positions[reader]!;
    this.#positions[reader] = position;
    if (before < this.#goal && position >= this.#goal && --this.#behind === 0) this.#arrived?.resolve();
  }
}

/**
 * Checks logs against the source: line 0 is the log after `base`, and after the last line comes the first
 * again.
 */
export class Checker {
  #line: number;

  constructor(
    readonly corpus: Corpus,
    readonly base: number,
    /** The last log that was checked, or the one before the first to be checked. */
    public position: number,
    readonly who: string,
  ) {
    this.#line = (position - base) % corpus.length;
  }

  /** @returns the payload bytes that were compared */
  all(logs: Logs): number {
    let bytes = 0;
    logs.scan((seqNo, buffer, start, end, prevSeqNo) => {
      if (seqNo !== this.position + 1 || prevSeqNo !== this.position) {
        throw new Error(`${this.who}: log ${seqNo} (after ${prevSeqNo}) follows log ${this.position}`);
      }
      if (!this.corpus.matches(this.#line, buffer, start, end)) {
        throw new Error(`${this.who}: log ${seqNo} differs from line ${this.#line + 1} of the input`);
      }
      this.position = seqNo;
      bytes += end - start;
      if (++this.#line === this.corpus.length) this.#line = 0;
    });
    return bytes;
  }
}

interface PromiseWithResolvers {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

function withResolvers(): PromiseWithResolvers {
  const resolvers = {} as PromiseWithResolvers;
  resolvers.promise = new Promise((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
  return resolvers;
}
