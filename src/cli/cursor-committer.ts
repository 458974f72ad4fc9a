import type { DurableCursor } from '../index.js';

/** Milliseconds between two commits, at least. */
const INTERVAL_MS = 100;

/** Commits what was done with to a durable cursor: now and then, and at the end. */
export class CursorCommitter {
  readonly #cursor: DurableCursor;
  #done: number;
  #timer: NodeJS.Timeout | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(cursor: DurableCursor) {
    this.#cursor = cursor;
    this.#done = cursor.position;
  }

  /**
   * The logs up to `seqNo` are done with.
   * @throws what an earlier commit failed with
   */
  done(seqNo: number): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#done = seqNo;
    this.#timer ??= setTimeout(() => this.#commit(), INTERVAL_MS);
  }

  /** Commits what is left, and closes the cursor. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      await this.#cursor.commit(this.#done);
    } finally {
      await this.#cursor.close();
    }
  }

  #commit(): void {
    this.#cursor.commit(this.#done).then(
      () => {
        this.#timer = undefined;
      },
      (error) => {
        this.#failure = { error };
      },
    );
  }
}
