import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Abortable, AbortRegistry } from './abort.js';
import type { Cursor } from './cursor.js';
import { abortedError } from './errors.js';
import { type Feed, ORIGIN, type Waiter } from './feed.js';
import type { Chunk, Log, Logs } from './log.js';
import { LogIterator } from './log-iterator.js';
import { LogReadable, type ReadableOptions, webStream } from './readable.js';

type Result = IteratorResult<Logs, undefined>;
type Answer = (result: Result | Promise<never>) => void;

/** The first read from disk is small, for those who want few logs; each further one is twice as large. */
const FIRST_READ_BYTES = 256 * 1024;

const DONE: Result = Object.freeze({ value: undefined, done: true });

/**
 * Logs in order, chunk by chunk: what `query` and `tail` return. It never delivers a log that is not durable,
 * never skips one, and never delivers one twice. It holds a position and nothing else: however slow its
 * consumer, nothing queues up.
 *
 * ```ts
 * for await (const logs of waldo.query(Cursor.trim())) {
 *   for (const log of logs) console.log(log.seqNo, log.text());
 * }
 * ```
 *
 * **Errors** (by rejection of `next`, after which the stream is over): `WALDO_CURSOR` if the cursor lies
 * beyond the tip; `WALDO_TRIMMED` if the ring has overwritten what comes next, naming the oldest log still
 * there; `WALDO_CORRUPT`, `WALDO_IO`; `WALDO_ABORTED` if its signal aborts.
 *
 * **End**: a query ends at the tip; every stream ends after `return()` and when the ring is closed. Leaving a
 * `for await` loop calls `return()`; whoever calls `next` by hand and stops early calls it too.
 */
export class LogStream implements AsyncIterableIterator<Logs, undefined>, Waiter, Abortable {
  /** @internal */
  place = -1;

  readonly #feed: Feed;
  readonly #wait: boolean;
  readonly #aborts: AbortRegistry;
  readonly #signal: AbortSignal | undefined;
  #subscribed = false;

  /** The last log delivered, or what precedes the first. */
  #position = ORIGIN;
  /** The ordinal of the frame that is probably next. */
  #hint = 0;
  #readBytes = FIRST_READ_BYTES;
  /** Calls of `next` that have no answer yet, the oldest first. */
  readonly #calls: Answer[] = [];
  /** What the next call of `next` rejects with. */
  #error: unknown;
  #over = false;

  /** @internal */
  private constructor(feed: Feed, wait: boolean, aborts: AbortRegistry, signal: AbortSignal | undefined) {
    this.#feed = feed;
    this.#wait = wait;
    this.#aborts = aborts;
    this.#signal = signal;
  }

  /** @internal */
  static open(
    feed: Feed,
    cursor: Cursor,
    wait: boolean,
    aborts: AbortRegistry,
    signal: AbortSignal | undefined,
  ): LogStream {
    const stream = new LogStream(feed, wait, aborts, signal);
    feed.meter.streams++;
    try {
      stream.#position = feed.resolve(cursor);
    } catch (error) {
      stream.fail(error);
    }
    return stream;
  }

  /**
   * The next chunk. Calls that overlap are answered in order.
   */
  next(): Promise<Result> {
    if (this.#calls.length === 0 && !this.#over && this.#signal?.aborted !== true && !this.#feed.ended) {
      const logs = this.#fromMemory();
      if (logs !== undefined) return Promise.resolve({ value: logs, done: false });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    return new Promise<Result>((resolve) => {
      this.#calls.push(resolve);
      if (this.#calls.length === 1) this.#serve();
    });
  }

  /** The logs one by one. It shares this stream's position: use the one or the other. */
  logs(): AsyncIterableIterator<Log, undefined> {
    return new LogIterator(this);
  }

  /**
   * The stream as a Node.js Readable, of bytes or of {@link Log} objects; it reads on when its consumer does.
   * Destroying it ends this stream.
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`
   */
  toReadable(options?: ReadableOptions): Readable {
    return new LogReadable(this, options);
  }

  /**
   * The stream as a Web ReadableStream, of bytes (every payload followed by the delimiter) or, with `objectMode`, of
   * {@link Log} objects. It reads when its consumer does; cancelling it ends this stream.
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`
   */
  toReadableStream(options: ReadableOptions & { readonly objectMode: true }): ReadableStream<Log>;
  toReadableStream(options?: ReadableOptions): ReadableStream<Uint8Array>;
  toReadableStream(options?: ReadableOptions): ReadableStream<Log | Uint8Array> {
    return webStream(this, options);
  }

  /** Ends the stream: calls of `next` that wait are answered at once. */
  return(): Promise<Result> {
    this.#finish();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish();
  }

  /**
   * Ends the stream with an error: for the call of `next` that waits, else for the one to come.
   * @internal
   */
  fail(error: unknown): void {
    if (this.#over) return;
    const call = this.#calls.shift();
    if (call === undefined) this.#error = error;
    else call(Promise.reject(error));
    this.#finish();
  }

  /** @internal */
  abort(reason: unknown): void {
    this.fail(abortedError('the stream', reason));
  }

  /** @internal */
  wake(): void {
    this.#serve();
  }

  /** Answers the calls of `next` that wait, or sees to it that it will be called again. */
  #serve(): void {
    while (this.#calls.length > 0) {
      if (this.#over || this.#feed.ended) {
        this.#finish();
        return;
      }
      if (this.#signal?.aborted) {
        this.abort(this.#signal.reason);
        return;
      }
      const logs = this.#fromMemory();
      if (logs !== undefined) {
        this.#calls.shift()!({ value: logs, done: false });
      } else if (!this.#atTip) {
        this.#subscribe();
        this.#read();
        return;
      } else if (this.#wait && this.#feed.failure !== undefined) {
        this.fail(this.#feed.failure);
        return;
      } else if (this.#wait) {
        this.#subscribe();
        this.#feed.park(this);
        return;
      } else {
        this.#finish();
      }
    }
  }

  #fromMemory(): Logs | undefined {
    const feed = this.#feed;
    if (this.#position === ORIGIN) this.#position = feed.origin;
    if (this.#atTip) return undefined;
    const position = this.#position;
    const frame = feed.cache.frameAfter(position, this.#hint);
    if (frame !== undefined) {
      frame.slab.seen = true;
      this.#hint = frame.ordinal + 1;
      feed.meter.hits++;
      return this.#take(frame.chunk);
    }
    const chunk = feed.disk.cached(position);
    if (chunk === undefined) return undefined;
    feed.meter.hits++;
    return this.#take(chunk);
  }

  get #atTip(): boolean {
    return this.#position >= this.#feed.tip || this.#position === ORIGIN;
  }

  #take(chunk: Chunk): Logs {
    const logs = chunk.after(this.#position);
    this.#position = chunk.lastSeqNo;
    return logs;
  }

  #read(): void {
    this.#feed.meter.misses++;
    const bytes = this.#readBytes;
    this.#readBytes *= 2;
    this.#feed.disk.read(this.#position, bytes).then(
      (chunk) => {
        if (this.#over) return;
        // A ring that was closed meanwhile has ended every stream.
        if (!this.#feed.ended) {
          this.#feed.meter.fromDisk++;
          this.#calls.shift()!({ value: this.#take(chunk), done: false });
        }
        this.#serve();
      },
      (error) => this.fail(error),
    );
  }

  #subscribe(): void {
    if (this.#signal === undefined || this.#subscribed) return;
    this.#subscribed = true;
    this.#aborts.add(this.#signal, this);
  }

  #finish(): void {
    if (!this.#over) this.#feed.meter.streams--;
    this.#over = true;
    this.#feed.unpark(this);
    if (this.#subscribed) this.#aborts.delete(this.#signal!, this);
    this.#subscribed = false;
    for (const call of this.#calls) call(DONE);
    this.#calls.length = 0;
  }
}
