import type { Log } from './log.js';
import type { LogStream } from './stream.js';

type Result = IteratorResult<Log, undefined>;

/** The logs of a stream one by one. */
export class LogIterator implements AsyncIterableIterator<Log, undefined> {
  readonly #stream: LogStream;
  #logs: Iterator<Log> | undefined;
  /** Calls of `next` that have no answer yet, and the newest of them. */
  #waiting = 0;
  #newest: Promise<unknown> = Promise.resolve();

  constructor(stream: LogStream) {
    this.#stream = stream;
  }

  next(): Promise<Result> {
    if (this.#waiting === 0) {
      const log = this.#take();
      if (log !== undefined) return Promise.resolve({ value: log, done: false });
    }
    this.#waiting++;
    const result = this.#newest.then(() => this.#advance());
    this.#newest = result.catch(() => {}).then(() => this.#waiting--);
    return result;
  }

  async return(): Promise<Result> {
    this.#logs = undefined;
    await this.#stream.return();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #advance(): Promise<Result> {
    for (;;) {
      const log = this.#take();
      if (log !== undefined) return { value: log, done: false };
      const { value, done } = await this.#stream.next();
      if (done) return { value: undefined, done: true };
      this.#logs = value[Symbol.iterator]();
    }
  }

  #take(): Log | undefined {
    const next = this.#logs?.next();
    if (next?.done) this.#logs = undefined;
    return next?.done === false ? next.value : undefined;
  }
}
