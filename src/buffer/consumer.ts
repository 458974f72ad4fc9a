import { readSignal } from '../abort.js';
import { abortedError, closedError, describe, invalidArgument, WaldoError } from '../errors.js';
import { checkInteger, checkKnown } from '../option-rules.js';
import { type DecodeLimits, decodeLimits } from './batch.js';
import type { BatchDescriptor, ConsumedBatch, FetchedBatch } from './consumed-batch.js';
import type { Environment } from './environment.js';
import { FetchHandle } from './fetch-handle.js';
import { collectGarbage } from './gc.js';
import { garbageChannel, Metrics } from './metrics.js';
import {
  BUFFER_OPTIONS,
  type BufferOptions,
  checkBufferOptions,
  checkMilliseconds,
  type ResolvedBuffer,
  resolveBuffer,
} from './options.js';
import { QueueConsumer } from './queue-consumer.js';
import { POLL_INTERVAL, PREFETCH, readAhead } from './read-ahead.js';
import { RETRY_TIMEOUT, type RetryOptions } from './retry.js';

/** Options of {@link Consumer.open}. */
export interface ConsumerOptions extends BufferOptions {
  /**
   * Milliseconds between two collections of garbage: 1 to 2^31−1, or `Infinity` for none.
   * @default 300000 (5 minutes)
   */
  readonly gcInterval?: number;
  /**
   * Milliseconds for which batch objects are spared by these: see {@link GarbageOptions.gracePeriod}.
   * @default 600000 (10 minutes)
   */
  readonly gcGracePeriod?: number;
  /**
   * Batches that iteration fetches ahead: 1 to 64. They are in memory, decompressed.
   * @default 4
   */
  readonly prefetch?: number;
  /**
   * Milliseconds between two looks at a manifest that has nothing new, 1 to 2^31−1; they double up to ten times that
   * while nothing comes.
   * @default 100
   */
  readonly pollInterval?: number;
  /**
   * Milliseconds for which a store that fails is tried again; may be `Infinity`.
   * @default 60000
   */
  readonly retryTimeout?: number;
  /** What one batch may take in memory; larger ones are refused before they are decompressed. */
  readonly limits?: Partial<DecodeLimits>;
}

/** Options of {@link Consumer.batches}. */
export interface BatchesOptions {
  /**
   * Whether to wait for batches to come once all have been handed out.
   * @default true
   */
  readonly follow?: boolean;
  /** Ends the iteration, which throws `WALDO_ABORTED`. */
  readonly signal?: AbortSignal;
}

/** Acks that are collected before the manifest is written. */
const ACKS_A_WRITE = 100;

/**
 * Reads the batches of a buffer in the order of their manifest. One consumer at a time: opening one fences all earlier
 * ones, whose next look at the manifest fails with `WALDO_FENCED`. Compatible with the consumers of OpenData Buffer
 * 0.2.
 *
 * Delivery is at least once: a batch stays until it was acked and the ack has reached the manifest. Exactly once takes
 * the caller's help: keep the sequence of the last batch together with what was made of it, atomically, and give it to
 * {@link initialize} the next time.
 */
export class Consumer {
  readonly #environment: Environment;
  readonly #queue: QueueConsumer;
  readonly #fetcher: FetchHandle;
  readonly #metrics: Metrics;
  readonly #prefetch: number;
  readonly #pollInterval: number;
  readonly #abort = new AbortController();
  /** The last batch that was handed out. */
  #handedOut: number | undefined;
  /** The last batch that the caller is done with; at first, the one before the first that was handed out. */
  #acked: number | undefined;
  /** The last one of which the manifest knows. */
  #flushed: number | undefined;
  /** The call before: they take turns. */
  #turn: Promise<unknown> = Promise.resolve();
  #collector: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(buffer: ResolvedBuffer, options: ConsumerOptions) {
    const { store, environment, manifestPath } = buffer;
    this.#environment = environment;
    this.#prefetch = options.prefetch ?? PREFETCH;
    this.#pollInterval = options.pollInterval ?? POLL_INTERVAL;
    this.#metrics = new Metrics(store.url, manifestPath);
    const retry: RetryOptions = {
      environment,
      timeout: options.retryTimeout ?? RETRY_TIMEOUT,
      signal: this.#abort.signal,
    };
    const metrics = this.#metrics;
    this.#queue = new QueueConsumer({ store, manifestPath, environment, metrics, retry });
    this.#fetcher = new FetchHandle(store, decodeLimits(options.limits), metrics, retry, this.#queue.url);
  }

  /**
   * Takes the manifest over from whoever consumes it.
   * @throws {@link WaldoError} `WALDO_OPTION`, `WALDO_STORE`, `WALDO_CORRUPT`, `WALDO_VERSION`
   */
  static async open(options: ConsumerOptions): Promise<Consumer> {
    checkConsumerOptions(options);
    const buffer = resolveBuffer(options);
    const consumer = new Consumer(buffer, options);
    await consumer.#queue.open();
    consumer.#collector = consumer.#collectNowAndThen(buffer, options);
    return consumer;
  }

  /**
   * Goes on after a batch, which is removed with all before it; without one, at the earliest there is. To be called
   * before anything is read.
   * @param lastAckedSequence of the last batch that the caller is done with.
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT` if there has been no such batch, or reading has begun;
   * `WALDO_FENCED`
   */
  initialize(lastAckedSequence?: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#acked !== undefined) {
        throw invalidArgument('initialize comes before anything is read or acked');
      }
      if (lastAckedSequence === undefined) return;
      checkSequence(lastAckedSequence);
      await this.#queue.dequeue(lastAckedSequence);
      this.#moveTo(lastAckedSequence);
    });
  }

  /**
   * The batch after the one handed out last, whether that was acked or not; `undefined` if there is none yet.
   * @throws {@link WaldoError} `WALDO_FENCED`; `WALDO_TRIMMED` if somebody else has removed batches that this consumer
   * has not seen; what {@link FetchHandle.fetch} throws, and then the next call tries the same batch again.
   */
  nextBatch(): Promise<ConsumedBatch | undefined> {
    return this.#inTurn(async () => {
      const [descriptor] = await this.#unseen(1);
      if (descriptor === undefined) return undefined;
      return this.#handOut(await this.#fetcher.fetch(descriptor));
    });
  }

  /**
   * Descriptors of the next batches, for being fetched by {@link fetchHandle} in any order and in parallel; the
   * manifest is read once.
   * @param max at most so many: 1 to 2^31−1.
   */
  nextDescriptors(max: number): Promise<readonly BatchDescriptor[]> {
    checkInteger('max', max, { min: 1, max: 2 ** 31 - 1, unit: 'descriptors' });
    return this.#inTurn(async () => {
      const descriptors = await this.#unseen(max);
      for (const { sequence } of descriptors) this.#note(sequence);
      this.#metrics.record('buffer.descriptors_handed_out', descriptors.length);
      return descriptors;
    });
  }

  /** Fetches what {@link nextDescriptors} names; needs no turn, and may be given away. */
  fetchHandle(): FetchHandle {
    return this.#fetcher;
  }

  /**
   * Batch after batch, several of them fetched ahead. Whoever leaves the loop and begins another one, or goes on with
   * `nextBatch`, gets the batch after the last that the loop got.
   */
  async *batches(options: BatchesOptions = {}): AsyncGenerator<ConsumedBatch, void, undefined> {
    const signal = readSignal(options, 'batches');
    try {
      yield* this.#walk(options.follow ?? true, signal);
    } catch (error) {
      if (signal?.aborted) throw abortedError('the iteration', signal.reason);
      if (this.#closing === undefined) throw error;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<ConsumedBatch, void, undefined> {
    return this.batches();
  }

  /**
   * Tells that the next batch is done with. Acks reach the manifest every 100, and with {@link flush},
   * {@link ackThrough} and {@link close}.
   * @param sequence the one after that acked last; at first, the first that was handed out.
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT` for any other; and what writing the manifest throws, and then
   * the ack counts and gets there the next time.
   */
  ack(sequence: number): Promise<void> {
    return this.#inTurn(async () => {
      checkSequence(sequence);
      const { expected } = this;
      if (sequence !== expected) {
        const next = expected === undefined ? 'all that was handed out is acked' : `the next is ${expected}`;
        throw invalidArgument(`batch ${sequence} cannot be acked: ${next}`);
      }
      await this.#ackUpTo(sequence);
    });
  }

  /**
   * Tells that all batches up to one are done with: in the manifest, with a single write, and only then here. They
   * need not have been handed out; reading goes on behind them.
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT` if there has been no such batch yet; `WALDO_FENCED`;
   * `WALDO_STORE`, and then the manifest has it or not.
   */
  ackThrough(sequence: number): Promise<void> {
    return this.#inTurn(async () => {
      checkSequence(sequence);
      if (this.#flushed !== undefined && sequence <= this.#flushed) return;
      const acked = this.#acked ?? sequence - 1;
      const through = Math.max(sequence, acked);
      await this.#queue.dequeue(through);
      this.#metrics.record('buffer.acks', through - acked);
      this.#moveTo(through);
    });
  }

  /** Brings all acks into the manifest. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#flush());
  }

  /** Flushes the acks and lets go of everything; iterations end. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Entries of the manifest, as of when it was last read or written. */
  get length(): number {
    return this.#queue.length;
  }

  /** Percentage of manifest writes that found that somebody else had been faster. */
  conflictRate(): number {
    return this.#queue.conflictRate();
  }

  /** The batch that `ack` takes next. */
  private get expected(): number | undefined {
    if (this.#acked === undefined || this.#handedOut === undefined) return undefined;
    return this.#acked < this.#handedOut ? this.#acked + 1 : undefined;
  }

  /** Calls take turns: each sees what the one before has left. */
  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => {
      if (this.#closing !== undefined) throw closedError('the consumer');
      return operation();
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Descriptors of batches that have not been handed out, at most so many. */
  async #unseen(max: number): Promise<readonly BatchDescriptor[]> {
    const manifest = await this.#queue.read();
    this.#metrics.record('buffer.queue_length', manifest.entryCount);
    const first = manifest.firstSequence();
    if (first === undefined) return [];
    const next = this.#handedOut === undefined ? first : this.#handedOut + 1;
    if (first > next) {
      const message = `${this.#queue.url}: the batches from ${next} to ${first - 1} were removed by somebody else`;
      throw new WaldoError('WALDO_TRIMMED', message, { object: this.#queue.url, oldestSeqNo: first });
    }
    return [...manifest.entries(next, max)];
  }

  async *#walk(
    follow: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ConsumedBatch, void, undefined> {
    const waiting = signal === undefined ? this.#abort.signal : AbortSignal.any([this.#abort.signal, signal]);
    const batches = readAhead({
      environment: this.#environment,
      prefetch: this.#prefetch,
      pollInterval: this.#pollInterval,
      follow,
      signal: waiting,
      next: (max) => this.#inTurn(() => this.#unseen(max)),
      fetch: (descriptor) => this.#fetcher.fetch(descriptor),
    });
    for await (const batch of batches) yield this.#handOut(batch);
  }

  /** A descriptor leaves the house. */
  #note(sequence: number): void {
    this.#acked ??= sequence - 1;
    this.#flushed ??= sequence - 1;
    this.#handedOut = sequence;
  }

  #handOut(batch: FetchedBatch): ConsumedBatch {
    this.#note(batch.sequence);
    return { ...batch, ack: () => this.#inTurn(() => this.#ackUpTo(batch.sequence)) };
  }

  /** Everything up to `sequence` is done with, here and in the manifest. */
  #moveTo(sequence: number): void {
    this.#acked = sequence;
    this.#flushed = sequence;
    this.#handedOut = Math.max(sequence, this.#handedOut ?? sequence);
    this.#metrics.record('buffer.queue_length', this.#queue.length);
  }

  async #ackUpTo(sequence: number): Promise<void> {
    const acked = this.#acked!;
    if (sequence <= acked) return;
    this.#acked = sequence;
    this.#metrics.record('buffer.acks', sequence - acked);
    if (sequence - this.#flushed! >= ACKS_A_WRITE) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#acked === this.#flushed) return;
    const acked = this.#acked!;
    await this.#queue.dequeue(acked);
    this.#moveTo(acked);
  }

  async #close(): Promise<void> {
    const flushed = this.#turn.then(() => this.#flush());
    await flushed.catch(() => {});
    this.#abort.abort(closedError('the consumer'));
    await this.#collector;
    await flushed;
  }

  /** Collects garbage from time to time until the consumer is closed. */
  async #collectNowAndThen(
    buffer: ResolvedBuffer,
    { gcInterval = 300_000, gcGracePeriod: gracePeriod }: ConsumerOptions,
  ): Promise<void> {
    if (gcInterval === Number.POSITIVE_INFINITY) return;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await this.#environment.sleep(gcInterval, signal, true).catch(() => {});
      if (signal.aborted) return;
      try {
        await collectGarbage({ ...buffer, gracePeriod, signal });
      } catch (error) {
        if (!signal.aborted) garbageChannel.publish({ error });
      }
    }
  }
}

function checkSequence(sequence: unknown): void {
  if (Number.isSafeInteger(sequence) && (sequence as number) >= 0) return;
  throw invalidArgument(`a batch's sequence is an integer from 0 to 2^53−1; received ${describe(sequence)}`);
}

function checkConsumerOptions(options: ConsumerOptions): void {
  checkKnown(
    options,
    [...BUFFER_OPTIONS, 'gcInterval', 'gcGracePeriod', 'prefetch', 'pollInterval', 'retryTimeout', 'limits'],
    'Consumer.open',
  );
  checkBufferOptions(options);
  checkMilliseconds('gcInterval', options.gcInterval, 1, true);
  checkMilliseconds('gcGracePeriod', options.gcGracePeriod, 0);
  checkMilliseconds('pollInterval', options.pollInterval, 1);
  checkMilliseconds('retryTimeout', options.retryTimeout, 0, true);
  checkInteger('prefetch', options.prefetch, { min: 1, max: 64, unit: 'batches' });
  checkKnown(options.limits, ['maxBytes', 'maxRecords'], 'limits');
  const most = 2 ** 32 - 1;
  checkInteger('limits.maxBytes', options.limits?.maxBytes, { min: 1, max: most, unit: 'bytes' });
  checkInteger('limits.maxRecords', options.limits?.maxRecords, { min: 1, max: most, unit: 'records' });
}
