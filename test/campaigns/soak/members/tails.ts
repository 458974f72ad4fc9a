import { setTimeout as sleep } from 'node:timers/promises';
import { Cursor, type Log, type LogStream, type Logs, type WaldoError } from '../../../../src/index.js';
import type { Ring } from '../../../../src/ring.js';
import type { Random } from '../../../buffer/campaign/random.js';
import { checkLog } from '../../../integration/support/numbered-logs.js';

/** How a tail reads. */
export interface TailOptions {
  /** Whether each log's bytes are looked at: tails share memory, so that some are enough. */
  readonly checks: boolean;
  /** Milliseconds between two chunks, drawn anew each time, until it is hurried. */
  readonly pause?: () => number;
  /** Told what the tail is done with. */
  readonly onTaken?: (position: number) => void;
}

/** Follows a ring, and throws if it does not get each log once, in order, or is not told what it cannot get. */
export class Tail {
  /** The last log that came, or what precedes the first. */
  position: number;
  logs = 0;
  lapped = 0;
  reopened = 0;
  readonly isLagging: boolean;
  readonly #options: TailOptions;
  readonly #hurry = new AbortController();
  #stream: LogStream | undefined;
  #following: Promise<void> | undefined;
  #stopped = false;

  constructor(position: number, options: TailOptions) {
    this.position = position;
    this.#options = options;
    this.isLagging = options.pause !== undefined;
  }

  start(ring: Ring): void {
    this.#stopped = false;
    this.#following = this.#follow(ring);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#stream?.return();
    await this.#following;
  }

  /** Leaves the stream; the tail goes on with another one, at the same place. */
  reopen(): void {
    this.reopened++;
    void this.#stream?.return();
  }

  /** It pauses no more. */
  hurry(): void {
    this.#hurry.abort();
  }

  async #follow(ring: Ring): Promise<void> {
    while (!this.#stopped) {
      this.#stream = ring.tail(Cursor.after(this.position));
      try {
        while (await this.#step(this.#stream)) await this.#pause();
      } catch (error) {
        this.#goOnBehind(error);
      }
    }
  }

  /** A function of its own, so that a tail that pauses holds no chunk. */
  async #step(stream: LogStream): Promise<boolean> {
    const { value } = await stream.next();
    if (value === undefined) return false;
    this.#take(value);
    this.#options.onTaken?.(this.position);
    return true;
  }

  #take(logs: Logs): void {
    const { firstSeqNo, lastSeqNo, length } = logs;
    // The writer's numbers have no gaps.
    if (firstSeqNo !== this.position + 1 || lastSeqNo !== this.position + length)
      throw new Error(`${length} logs, ${firstSeqNo} to ${lastSeqNo}, came after ${this.position}`);
    if (this.#options.checks) for (const log of logs) this.#check(log);
    this.position = lastSeqNo;
    this.logs += length;
  }

  #check(log: Log): void {
    if (log.seqNo !== ++this.position) throw new Error(`${log.seqNo} came instead of ${this.position}`);
    checkLog(log);
  }

  #goOnBehind(error: unknown): void {
    const { code, oldestSeqNo } = error as WaldoError;
    if (code !== 'WALDO_TRIMMED' || oldestSeqNo === undefined || oldestSeqNo <= this.position + 1)
      throw error;
    this.lapped++;
    this.position = oldestSeqNo - 1;
  }

  async #pause(): Promise<void> {
    const milliseconds = this.#options.pause?.();
    if (milliseconds === undefined || this.#hurry.signal.aborted) return;
    await sleep(milliseconds, undefined, { signal: this.#hurry.signal }).catch(() => {});
  }
}

/** Many tails of one ring. */
export class Fleet {
  readonly tails: readonly Tail[];

  constructor(tails: readonly Tail[]) {
    this.tails = tails;
  }

  start(ring: Ring): void {
    for (const tail of this.tails) tail.start(ring);
  }

  async stop(): Promise<void> {
    await Promise.all(this.tails.map((tail) => tail.stop()));
  }

  /** Leaves some streams, and opens others in their place. */
  reopenSome(random: Random, count: number): void {
    for (let i = 0; i < count; i++) random.pick(this.tails).reopen();
  }

  hurry(): void {
    for (const tail of this.tails) tail.hurry();
  }

  /** Of those that do not lag on purpose, unless all do. */
  lag(tip: number): number {
    const prompt = this.tails.filter(({ isLagging }) => !isLagging);
    const slowest = (prompt.length > 0 ? prompt : this.tails).reduce(
      (least, { position }) => Math.min(least, position),
      tip,
    );
    return tip - slowest;
  }

  hasReached(tip: number): boolean {
    return this.tails.every(({ position }) => position >= tip);
  }

  get counts() {
    const sum = (of: (tail: Tail) => number) => this.tails.reduce((all, tail) => all + of(tail), 0);
    return {
      delivered: sum(({ logs }) => logs),
      lapped: sum(({ lapped }) => lapped),
      reopened: sum(({ reopened }) => reopened),
    };
  }
}
