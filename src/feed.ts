import type { ChunkCache } from './chunk-cache.js';
import type { Cursor } from './cursor.js';
import { DiskReads } from './disk-reads.js';
import type { Engine } from './engine.js';
import { WaldoError } from './errors.js';
import type { Frame } from './slab.js';
import type { ReaderStats, ReadMeter } from './stats.js';

/** The position of a stream that was created while the ring was empty: before whatever comes first. */
export const ORIGIN = -1;

/** A stream that waits for the next commit. */
export interface Waiter {
  /** Its place in the list of those who wait; −1 if it does not. */
  place: number;
  /** There is something new, or there will never be. */
  wake(): void;
}

/** Where streams get their chunks: from memory, else from disk; and where they wait for more. */
export class Feed {
  readonly cache: ChunkCache;
  readonly disk: DiskReads;
  readonly meter: ReadMeter;
  /** The newest durable log; 0 while there is none. */
  tip: number;
  /** Called after each commit, if somebody wants to know. */
  onCommit: (() => void) | undefined = undefined;
  /** Finds out how far another process has got; nothing in the writer's. */
  refresh: () => void = () => {};
  /** Why a reader can no longer follow the ring. */
  failure: WaldoError | undefined = undefined;
  /** Whether the ring is closed: every stream is at its end. */
  ended = false;

  readonly #engine: Engine;
  /** What precedes the ring's first log, if that was appended since the ring was opened. */
  #origin = 0;
  #waiters: Waiter[] = [];
  /** An empty list, to be swapped in when the waiters are woken. */
  #spare: Waiter[] = [];

  /** @param maxReadBytes that one read from disk returns at most. */
  constructor(engine: Engine, cache: ChunkCache, tip: number, maxReadBytes: number, meter: ReadMeter) {
    this.#engine = engine;
    this.cache = cache;
    this.tip = tip;
    this.meter = meter;
    this.disk = new DiskReads(engine, cache, maxReadBytes, () => this.tip, meter);
  }

  stats(): ReaderStats {
    const { reads, readBytes, readsFailed, readLatency, hits, fromDisk, misses, streams } = this.meter;
    return {
      tip: this.tip,
      reads,
      readBytes,
      readsFailed,
      readLatency: readLatency.snapshot(),
      cacheBytes: this.cache.bytes,
      cacheHits: hits,
      cacheMisses: misses,
      deliveries: hits + fromDisk,
      streamsOpen: this.ended ? 0 : streams,
      streamsWaiting: this.#waiters.length,
    };
  }

  /**
   * The number after which a new stream reads, or {@link ORIGIN}.
   * @throws {@link WaldoError} `WALDO_CURSOR`, `WALDO_TRIMMED`
   */
  resolve(cursor: Cursor): number {
    this.refresh();
    const { tip } = this;
    if (cursor.kind === 'after' || cursor.kind === 'from') {
      const { position } = cursor;
      if (position > tip) {
        const where = tip === 0 ? 'the ring is empty' : `the newest log is ${tip}`;
        throw new WaldoError('WALDO_CURSOR', `${cursor} is beyond the tip: ${where}`);
      }
      if (tip === 0) return ORIGIN;
      if (position < this.#engine.native.bounds().afterSeqNo) throw this.trimmed(cursor);
      return position;
    }
    if (tip === 0) return ORIGIN;
    return cursor.kind === 'tip' ? tip : this.#engine.native.bounds().afterSeqNo;
  }

  /** Where a stream is that has not read anything since the ring was empty. */
  get origin(): number {
    return this.tip === 0 ? ORIGIN : this.#origin;
  }

  /** What somebody is told who wants logs that the ring has overwritten. */
  trimmed(cursor: Cursor): WaldoError {
    const { pages } = this.#engine.native.metadata();
    const oldestSeqNo = pages.find((page) => page.logCount > 0)?.firstSeqNo;
    const oldest = oldestSeqNo === undefined ? 'it holds none' : `the oldest it holds is ${oldestSeqNo}`;
    return new WaldoError(
      'WALDO_TRIMMED',
      `the ring has overwritten logs after ${cursor}: ${oldest}`,
      oldestSeqNo === undefined ? {} : { oldestSeqNo },
    );
  }

  /** Takes a frame that has become durable. Those who wait are woken once a commit, by `wake`. */
  publish(frame: Frame): void {
    if (this.tip === 0) this.#origin = frame.prevSeqNo;
    this.tip = frame.lastSeqNo;
    this.cache.add(frame);
  }

  /** Another process has made logs durable, up to this one. */
  advance(tip: number): void {
    if (tip <= this.tip) return;
    if (this.tip === 0) this.#origin = this.#firstPosition();
    this.tip = tip;
  }

  /** What precedes the log that was the first one ever; if that is gone, a position that has been trimmed. */
  #firstPosition(): number {
    const { afterSeqNo, pages } = this.#engine.native.metadata();
    return pages[0]?.page === 0 ? afterSeqNo : 0;
  }

  park(waiter: Waiter): void {
    waiter.place = this.#waiters.length;
    this.#waiters.push(waiter);
  }

  /** Takes a waiter off the list; does nothing if it is not on it. */
  unpark(waiter: Waiter): void {
    const { place } = waiter;
    if (place < 0) return;
    waiter.place = -1;
    const last = this.#waiters.pop()!;
    if (last === waiter) return;
    last.place = place;
    this.#waiters[place] = last;
  }

  /** Wakes all who wait. Those who go on waiting are on the list again. */
  wake(): void {
    this.onCommit?.();
    const woken = this.#waiters;
    if (woken.length === 0) return;
    this.#waiters = this.#spare;
    for (let i = 0; i < woken.length; i++) {
      const waiter = woken[i]!;
      waiter.place = -1;
      waiter.wake();
    }
    woken.length = 0;
    this.#spare = woken;
  }

  /** The ring is closed: no stream gets anything more. */
  end(): void {
    this.ended = true;
    this.wake();
    this.cache.clear();
  }
}
