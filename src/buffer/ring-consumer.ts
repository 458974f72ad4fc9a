import { describe, invalidArgument, WaldoError } from '../errors.js';
import { optionError } from '../option-rules.js';
import { type BatchPart, partsOf } from './batch-parts.js';
import type { ConsumedBatch } from './consumed-batch.js';
import { type BatchesOptions, Consumer, type ConsumerOptions } from './consumer.js';
import { isRange, LogRange } from './range.js';
import { RingBatch, type RingBatchParts, type RingGap, type RingPosition } from './ring-batch.js';

/** Records of a batch that are no logs of a ring: some other producer's. */
export interface ForeignRecords {
  /** The batch's place in the manifest. */
  readonly sequence: number;
  /** The batch object's key. */
  readonly location: string;
  readonly entries: readonly Buffer[];
  /** What their producer gave with them; `undefined` if no metadata covers them. */
  readonly metadata: Buffer | undefined;
  /** When they were taken in; `undefined` if no metadata covers them. */
  readonly ingestionTimeMs: number | undefined;
  /** Set if the metadata says that they are a ring's logs, and is damaged or of an unknown version. */
  readonly error: WaldoError | undefined;
}

/** Options of {@link RingConsumer.open}. */
export interface RingConsumerOptions extends ConsumerOptions {
  /**
   * Where to go on: the `position` of the last {@link RingBatch} that the caller is done with.
   * @default at the earliest batch
   */
  readonly position?: RingPosition;
  /**
   * Is given what is no ring's logs, before the logs of the same batch. Without, such records are skipped, unless they
   * should have been logs: then iterating throws.
   */
  readonly onForeign?: (records: ForeignRecords) => void | Promise<void>;
}

/** What a {@link RingConsumer} has come across. */
export interface RingConsumerStats {
  readonly logs: number;
  /** Logs that were dropped because they had come before. */
  readonly duplicates: number;
  /** Records that are no ring's logs. */
  readonly foreign: number;
  /** Times that logs were missing. */
  readonly gaps: number;
}

/**
 * Yields the logs that uploaders have shipped, with their sequence numbers: those of each ring in order, each exactly
 * once. What comes twice, in whole or in part, is dropped by ring and number.
 *
 * ```ts
 * const consumer = await RingConsumer.open({ store, position: await database.position() });
 * for await (const batch of consumer) {
 *   await database.transaction((tx) => {
 *     for (const { seqNo, data } of batch.logs) tx.insert(batch.ringId, seqNo, data);
 *     tx.setPosition(batch.position);
 *   });
 *   await batch.ack();
 * }
 * ```
 *
 * Whoever stores `batch.position` atomically with what was made of the logs, and passes it at the next start, has each
 * log's effect exactly once, whatever happens in between. One consumer at a time has a manifest, as {@link Consumer}
 * says, and one uploader ships a ring to it: logs that come after later ones of their ring are taken for duplicates.
 */
export class RingConsumer implements AsyncDisposable {
  readonly #consumer: Consumer;
  readonly #onForeign: RingConsumerOptions['onForeign'];
  /** The last log of each ring. */
  readonly #rings: Map<string, number>;
  /** A batch that was handed out here, and not taken apart. */
  #batch: ConsumedBatch | undefined;
  /** What it was taken apart to, and has not been handed out. */
  #ready: RingBatch[] = [];
  #logs = 0;
  #duplicates = 0;
  #foreign = 0;
  #gaps = 0;

  private constructor(consumer: Consumer, { position, onForeign }: RingConsumerOptions) {
    this.#consumer = consumer;
    this.#onForeign = onForeign;
    this.#rings = new Map(Object.entries(position?.rings ?? {}));
  }

  /**
   * Takes the manifest over from whoever consumes it.
   * @throws {@link WaldoError} as `Consumer.open` and `initialize`
   */
  static async open(options: RingConsumerOptions): Promise<RingConsumer> {
    const { position, onForeign, ...rest } = options;
    if (position !== undefined) checkPosition(position);
    if (onForeign !== undefined && typeof onForeign !== 'function') {
      throw optionError('onForeign', 'a function', onForeign);
    }
    const consumer = await Consumer.open(rest);
    try {
      await consumer.initialize(position?.sequence);
      return new RingConsumer(consumer, options);
    } catch (error) {
      await consumer.close().catch(() => {}); // What went wrong first is what counts.
      throw error;
    }
  }

  /**
   * Logs, range by range. Whoever leaves the loop and begins another one goes on behind the last range.
   * @throws {@link WaldoError} as {@link Consumer.batches}; `WALDO_CORRUPT` or `WALDO_VERSION` if metadata that should be
   * a range is none (again each time, unless `onForeign` takes it)
   */
  async *batches(options?: BatchesOptions): AsyncGenerator<RingBatch, void, undefined> {
    yield* this.#takeApart();
    for await (const batch of this.#consumer.batches(options)) {
      this.#batch = batch;
      yield* this.#takeApart();
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<RingBatch, void, undefined> {
    return this.batches();
  }

  /** Brings all acks into the manifest. */
  flush(): Promise<void> {
    return this.#consumer.flush();
  }

  /** Flushes the acks and lets go of everything; iterations end. Idempotent. */
  close(): Promise<void> {
    return this.#consumer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  stats(): RingConsumerStats {
    return {
      logs: this.#logs,
      duplicates: this.#duplicates,
      foreign: this.#foreign,
      gaps: this.#gaps,
    };
  }

  async *#takeApart(): AsyncGenerator<RingBatch, void, undefined> {
    if (this.#batch !== undefined) {
      this.#ready = await this.#rangesOf(this.#batch);
      this.#batch = undefined;
    }
    for (;;) {
      const next = this.#ready.shift();
      if (next === undefined) return;
      yield next;
    }
  }

  /** The ranges of a batch that have new logs. */
  async #rangesOf(batch: ConsumedBatch): Promise<RingBatch[]> {
    const parts = partsOf(batch);
    const ranges = parts.map((part) => rangeOf(part, batch));
    for (const [i, part] of parts.entries()) {
      const range = ranges[i];
      if (!(range instanceof LogRange)) await this.#takeForeign(part, range, batch);
    }
    return this.#newRanges(batch, parts, ranges);
  }

  async #takeForeign(part: BatchPart, error: WaldoError | undefined, batch: ConsumedBatch): Promise<void> {
    if (this.#onForeign === undefined && error !== undefined) throw error;
    await this.#onForeign?.({
      sequence: batch.sequence,
      location: batch.location,
      entries: batch.entries.slice(part.start, part.end),
      metadata: part.item?.payload,
      ingestionTimeMs: part.item?.ingestionTimeMs,
      error,
    });
    this.#foreign += part.end - part.start;
  }

  /** Nothing can fail from here on: what is known of the rings changes. */
  #newRanges(
    batch: ConsumedBatch,
    parts: readonly BatchPart[],
    ranges: readonly (LogRange | WaldoError | undefined)[],
  ): RingBatch[] {
    const found: Omit<RingBatchParts, 'position' | 'ack'>[] = [];
    const rings: RingPosition['rings'][] = [];
    for (const [i, range] of ranges.entries()) {
      if (!(range instanceof LogRange)) continue;
      const { start, end, item } = parts[i]!;
      const next = this.#next(range);
      this.#duplicates += next.known;
      if (next.known === range.logCount) continue;
      this.#logs += range.logCount - next.known;
      if (next.gap !== undefined) this.#gaps++;
      this.#rings.set(range.ringId, range.lastSeqNo);
      rings.push(Object.fromEntries(this.#rings));
      const entries = batch.entries.slice(start, end);
      found.push({ ...next, batch, range, entries, ingestionTimeMs: item!.ingestionTimeMs });
    }
    // The batch is done with when the last of them is.
    const { sequence } = batch;
    return found.map((parts, i) => {
      const isLast = i === found.length - 1;
      const done = isLast ? sequence : sequence - 1;
      const position = { ...(done >= 0 && { sequence: done }), rings: rings[i]! };
      return new RingBatch({ ...parts, position, ack: isLast ? batch.ack : async () => {} });
    });
  }

  /** Where the new logs of a range begin. */
  #next(range: LogRange) {
    const last = this.#rings.get(range.ringId);
    const walk = range.numbers();
    let known = 0;
    let gap: RingGap | undefined;
    if (last !== undefined) {
      if (range.lastSeqNo <= last) return { walk, known: range.logCount, gap };
      for (; walk.seqNo <= last; known++) walk.next();
      if (walk.prevSeqNo !== last) gap = { afterSeqNo: last, prevSeqNo: walk.prevSeqNo };
    }
    return { walk, known, gap };
  }
}

/** The range that a part is, or why it is none; `undefined` if it does not say that it is one. */
function rangeOf(
  { start, end, item }: BatchPart,
  { location }: ConsumedBatch,
): LogRange | WaldoError | undefined {
  if (item === undefined || !isRange(item.payload)) return undefined;
  try {
    return LogRange.decode(item.payload, end - start, location);
  } catch (error) {
    if (error instanceof WaldoError) return error;
    throw error;
  }
}

function checkPosition(position: unknown): void {
  const { sequence, rings } = (position ?? {}) as Partial<Record<keyof RingPosition, unknown>>;
  const isNumber = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  if (
    (sequence === undefined || isNumber(sequence)) &&
    typeof rings === 'object' &&
    rings !== null &&
    Object.values(rings).every(isNumber)
  ) {
    return;
  }
  throw invalidArgument(
    `a ring consumer's position is { sequence, rings }, with numbers of 0 to 2^53−1; received ${describe(position)}`,
  );
}
