import { resolve } from 'node:path';
import { AbortRegistry, readSignal } from './abort.js';
import type { Binding, NativeOpened } from './binding.js';
import { ChunkCache } from './chunk-cache.js';
import { Cursor } from './cursor.js';
import {
  checkCursorName,
  checkCursorOptions,
  type DurableCursor,
  type DurableCursorOptions,
  DurableCursors,
} from './durable-cursor.js';
import { Engine } from './engine.js';
import { closedError, describe, fromNative, invalidArgument, WaldoError } from './errors.js';
import { Feed } from './feed.js';
import { type Metadata, toMetadata } from './metadata.js';
import type { ResolvedOptions } from './options.js';
import type { Frame } from './slab.js';
import { type ReaderStats, ReadMeter } from './stats.js';
import { LogStream } from './stream.js';
import { microsecondsSince, recoverChannel } from './telemetry.js';

/** Options of `query`. */
export interface QueryOptions {
  /** Ends the stream: `next` rejects with `WALDO_ABORTED`. */
  readonly signal?: AbortSignal;
  /**
   * At the tip, wait for more instead of ending.
   * @default false
   */
  readonly wait?: boolean;
}

/** Options of `tail`. */
export type TailOptions = Pick<QueryOptions, 'signal'>;

/** What `verify` found. */
export interface VerifyReport {
  readonly pages: number;
  readonly frames: number;
  readonly logs: number;
  /** Bytes of frames that were checked. */
  readonly bytes: number;
  /** Empty if all is well. */
  readonly problems: readonly VerifyProblem[];
}

/** Something that is not as it was written. */
export interface VerifyProblem {
  readonly page: number;
  /** Bytes from the start of the page's frames. */
  readonly offset: number;
  readonly kind: string;
  readonly message: string;
  readonly firstLost?: number;
  readonly lastLost?: number;
}

/** A ring that native code has opened. */
export interface OpenRing {
  readonly engine: Engine;
  readonly directory: string;
  readonly opened: NativeOpened;
  readonly options: ResolvedOptions;
}

export async function openRing(
  binding: Binding,
  directory: unknown,
  options: ResolvedOptions,
): Promise<OpenRing> {
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw invalidArgument(`a ring's directory is a path; received ${describe(directory)}`);
  }
  const path = resolve(directory);
  const engine = new Engine(binding);
  const start = performance.now();
  const opened = await engine.open(path, options.native);
  if (recoverChannel.hasSubscribers) {
    const microseconds = microsecondsSince(start);
    const { readOnly } = options.native;
    recoverChannel.publish({ ...engine.native.metadata().recovery, directory: path, readOnly, microseconds });
  }
  return { engine, directory: path, opened, options };
}

/** What a ring can do for those who read it; writers can do it too. */
export abstract class Ring {
  /** The ring's directory, absolute. */
  readonly directory: string;

  /** @internal */
  protected readonly feed: Feed;
  /** @internal */
  protected readonly aborts = new AbortRegistry();
  readonly #engine: Engine;
  readonly #opened: NativeOpened;
  readonly #cursors: DurableCursors;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(ring: OpenRing, release: (frame: Frame) => void) {
    const { engine, directory, opened, options } = ring;
    this.directory = directory;
    this.#engine = engine;
    this.#opened = opened;
    const cache = new ChunkCache(options.cacheBytes, release);
    this.feed = new Feed(engine, cache, opened.tipSeqNo, opened.bufCapacity, new ReadMeter(directory));
    const { feed } = this;
    this.#cursors = new DurableCursors({
      engine,
      get tip() {
        // A reader may have read from disk what it has not been told of yet.
        feed.refresh();
        return feed.tip;
      },
      get whole() {
        return feed.tip === 0 || engine.native.metadata().pages[0]?.page === 0;
      },
      query: (cursor, options) => this.query(cursor, options),
      cursorsChanged: () => this.cursorsChanged(),
    });
  }

  /**
   * Reads from a cursor to the tip, and ends there: at the newest log that is durable when the reader arrives
   * at it.
   *
   * **Atomicity**: chunks are not batches; a batch may be spread over chunks, and a chunk hold many.
   *
   * **Durability**: no log is delivered before it is durable.
   *
   * **Isolation**: readers do not disturb one another or the writer, and share what is in memory and what is
   * read from disk. A reader that is so slow that the ring overwrites what it has not read yet gets
   * `WALDO_TRIMMED`.
   *
   * **Cancellation**: by `signal`, by `return()` or by leaving the loop, at once.
   *
   * The cursor is resolved now, not at the first `next()`; what is wrong with its position is reported there.
   * @throws {@link WaldoError} `WALDO_CURSOR` if it is no cursor; `WALDO_CLOSED`; `WALDO_INVALID_ARGUMENT`
   */
  query(cursor: Cursor, options?: QueryOptions): LogStream {
    const signal = readSignal(options, 'query');
    if (!(cursor instanceof Cursor)) {
      const made = 'Cursor.trim(), tip(), after(n) or from(n)';
      throw new WaldoError('WALDO_CURSOR', `expected a cursor made by ${made}; received ${describe(cursor)}`);
    }
    if (this.#closing !== undefined) throw closedError();
    return LogStream.open(this.feed, cursor, options?.wait === true, this.aborts, signal);
  }

  /**
   * Reads from a cursor and waits for more at the tip: `query` with `wait: true`. It ends when the ring is
   * closed. A stream that waits does not keep the process alive.
   * @throws {@link WaldoError} as `query`
   */
  tail(cursor: Cursor, options?: TailOptions): LogStream {
    return this.query(cursor, { ...options, wait: true });
  }

  /**
   * Opens a durable cursor: a named position that survives crashes, and may hold pages back from being reused. It is
   * made if there is none of that name. It lives in the ring's directory, in whichever process it is opened.
   *
   * ```ts
   * const cursor = await waldo.durableCursor('uploader', { hold: true });
   * for await (const logs of cursor.tail()) {
   *   await upload(logs);
   *   await cursor.commit(logs.lastSeqNo);
   * }
   * ```
   * @param name 1 to 64 letters, digits, `-` and `_`
   * @throws (by rejection) {@link WaldoError} `WALDO_CURSOR` if the name or the start is none, or the cursor belongs
   * to another ring; `WALDO_LOCKED` if somebody has it open, naming who; `WALDO_TRIMMED` if the ring has passed the
   * start; `WALDO_CORRUPT` if its position is lost; `WALDO_EXCEEDS_LIMIT` beyond 1024 cursors; `WALDO_IO`;
   * `WALDO_CLOSED`
   */
  async durableCursor(name: string, options?: DurableCursorOptions): Promise<DurableCursor> {
    const checked = checkCursorOptions(options);
    checkCursorName(name);
    if (this.#closing !== undefined) throw closedError();
    const start = Math.max(0, this.feed.resolve(checked.start ?? Cursor.trim()));
    const cursor = await this.#cursors.open(name, checked, start);
    this.cursorsChanged();
    this.feed.onCommit ??= () => this.#tellPassed();
    return cursor;
  }

  /**
   * Deletes a durable cursor that nobody has open: for consumers that will not come back.
   * @throws (by rejection) {@link WaldoError} `WALDO_NOT_FOUND`; `WALDO_LOCKED` if somebody has it open; `WALDO_CURSOR`;
   * `WALDO_IO`; `WALDO_CLOSED`
   */
  async deleteCursor(name: string): Promise<void> {
    checkCursorName(name);
    if (this.#closing !== undefined) throw closedError();
    await this.#engine.run<void>((id) => this.#engine.native.deleteCursor(id, name));
    this.cursorsChanged();
  }

  #tellPassed(): void {
    if (!this.#cursors.any) return;
    const { afterSeqNo } = this.#engine.native.bounds();
    this.#cursors.passed(afterSeqNo, (position) => this.feed.trimmed(Cursor.after(position)));
  }

  /** The newest durable log; `undefined` while there is none. */
  get prevSeqNo(): number | undefined {
    return this.feed.tip === 0 ? undefined : this.feed.tip;
  }

  /**
   * The number of the page that is written to: at little cost, unlike `metadata`.
   * @internal
   */
  get openPage(): number {
    return this.#engine.native.bounds().page;
  }

  /**
   * The ring as it is now: its limits, its pages, what its opening found.
   * @throws {@link WaldoError} `WALDO_CLOSED`
   */
  metadata(): Metadata {
    if (this.#closing !== undefined) throw closedError();
    const { native } = this.#engine;
    const cursors = native.cursors();
    if (!Array.isArray(cursors)) throw fromNative(cursors);
    return toMetadata(native.metadata(), this.#opened, cursors);
  }

  /** What has been done since the ring was opened: a snapshot. It stays there after the ring was closed. */
  stats(): ReaderStats {
    return this.feed.stats();
  }

  /**
   * Reads the whole ring and checks every checksum, link and index. What is wrong is reported, not thrown.
   * @throws {@link WaldoError} `WALDO_CLOSED`; `WALDO_IO` if it cannot be read
   */
  async verify(): Promise<VerifyReport> {
    if (this.#closing !== undefined) throw closedError();
    return this.#engine.run<VerifyReport>((id) => this.#engine.native.verify(id));
  }

  /**
   * Closes the ring. Calling it again returns the same promise.
   *
   * **Atomicity**: from now on, appends are refused with `WALDO_CLOSED`; those under way, waiting ones
   * included, go through. Only one that waits for a durable cursor is rejected with `WALDO_FULL`, and all behind it.
   *
   * **Durability**: settles once they have, and the ring is marked as closed, so that the next open need not
   * look for its end. Rejects with `WALDO_IO` if that fails; the ring is closed nevertheless, and nothing
   * that was acknowledged is lost.
   *
   * **Isolation**: then every stream ends, wherever it is: `next()` answers `done`. Chunks, logs and their
   * `data` stay valid as long as they are held.
   *
   * **Cancellation**: there is none.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#engine.ref();
    try {
      await this.drain();
      await this.#cursors.closeAll();
      this.feed.end();
      await this.#engine.close();
    } finally {
      this.#engine.unref();
    }
  }

  /** Closes the ring, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Pages may be free that were held, or held that were free.
   * @internal
   */
  protected cursorsChanged(): void {}

  /**
   * Settles when nothing is being written.
   * @internal
   */
  protected abstract drain(): Promise<void>;
}
