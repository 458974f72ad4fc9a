import type { ConsumedBatch } from './consumed-batch.js';
import type { LogRange, SeqNoWalk } from './range.js';

/** A log that has been through object storage. */
export interface RingLog {
  readonly seqNo: number;
  /** The number of the log before it; 0 if it was the ring's first. */
  readonly prevSeqNo: number;
  /** A view: it keeps the whole batch in memory as long as it is held. */
  readonly data: Buffer;
}

/**
 * How far a consumer has got: plain data, to be stored as JSON together with what was made of the logs.
 */
export interface RingPosition {
  /** The last batch of the manifest that is done with; absent before all. */
  readonly sequence?: number;
  /** The number of the last log of each ring, by the ring's id. */
  readonly rings: Readonly<Record<string, number>>;
}

/** Logs that did not come. */
export interface RingGap {
  /** The last log that came. */
  readonly afterSeqNo: number;
  /**
   * What the next one follows. If that is less than `afterSeqNo`, the ring has two histories: for example, a copy of it
   * was restored and written to.
   */
  readonly prevSeqNo: number;
}

/** What a {@link RingBatch} is made of. */
export interface RingBatchParts {
  readonly batch: ConsumedBatch;
  readonly ingestionTimeMs: number;
  readonly range: LogRange;
  /** The records of the range. */
  readonly entries: readonly Buffer[];
  /** The walk through the range's numbers, at the first log that is new. */
  readonly walk: SeqNoWalk;
  /** Logs before it, which came before. */
  readonly known: number;
  readonly gap: RingGap | undefined;
  readonly position: RingPosition;
  readonly ack: () => Promise<void>;
}

/** A contiguous range of one ring's logs, none of which came before. */
export class RingBatch {
  /** The ring's id, a ULID. */
  readonly ringId: string;
  readonly firstSeqNo: number;
  readonly lastSeqNo: number;
  /** What the first log follows; 0 if it was the ring's first. */
  readonly prevSeqNo: number;
  /** Logs of the range. */
  readonly length: number;
  /**
   * Set if logs of the ring are missing between the last that came and these: the ring had overwritten or lost them
   * when they were to be shipped. The first logs that come of a ring have none; see `prevSeqNo`.
   */
  readonly gap: RingGap | undefined;
  /** What to store together with what is made of these logs: it is behind them, and all before. */
  readonly position: RingPosition;
  /** The batch's place in the manifest. */
  readonly sequence: number;
  /** The batch object's key. */
  readonly location: string;
  /** When the uploader read the range's first log: milliseconds since the epoch. */
  readonly ingestionTimeMs: number;
  readonly #range: LogRange;
  readonly #entries: readonly Buffer[];
  readonly #known: number;
  readonly #ack: () => Promise<void>;

  /** @internal */
  constructor(parts: RingBatchParts) {
    const { batch, range, entries, walk, known } = parts;
    this.ringId = range.ringId;
    this.firstSeqNo = walk.seqNo;
    this.prevSeqNo = walk.prevSeqNo;
    this.lastSeqNo = range.lastSeqNo;
    this.length = entries.length - known;
    this.gap = parts.gap;
    this.position = parts.position;
    this.sequence = batch.sequence;
    this.location = batch.location;
    this.ingestionTimeMs = parts.ingestionTimeMs;
    this.#range = range;
    this.#entries = entries;
    this.#known = known;
    this.#ack = parts.ack;
  }

  /** The logs; may be iterated any number of times. */
  get logs(): Iterable<RingLog> {
    return { [Symbol.iterator]: () => this.#iterate() };
  }

  /**
   * Visits log after log without making an object for any of them.
   * @param visit if it returns `false`, the scan stops.
   */
  scan(visit: (seqNo: number, data: Buffer, prevSeqNo: number) => unknown): void {
    const walk = this.#walk();
    for (let i = this.#known; i < this.#entries.length; i++) {
      if (i > this.#known) walk.next();
      if (visit(walk.seqNo, this.#entries[i]!, walk.prevSeqNo) === false) return;
    }
  }

  /**
   * Tells that these logs, and all that came before, are done with. Acks reach the manifest every 100 batches, and when
   * the consumer is flushed or closed.
   * @throws (by rejection) {@link WaldoError} `WALDO_FENCED`, `WALDO_STORE`, `WALDO_CLOSED`
   */
  ack(): Promise<void> {
    return this.#ack();
  }

  *#iterate(): IterableIterator<RingLog> {
    const walk = this.#walk();
    for (let i = this.#known; i < this.#entries.length; i++) {
      if (i > this.#known) walk.next();
      yield { seqNo: walk.seqNo, prevSeqNo: walk.prevSeqNo, data: this.#entries[i]! };
    }
  }

  #walk(): SeqNoWalk {
    const walk = this.#range.numbers();
    for (let i = 0; i < this.#known; i++) walk.next();
    return walk;
  }
}
