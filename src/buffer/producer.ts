import { isUint8Array } from 'node:util/types';
import { readSignal } from '../abort.js';
import { abortedError, closedError, describe, invalidArgument } from '../errors.js';
import { Fifo } from '../fifo.js';
import { checkChoice, checkInteger, checkKnown } from '../option-rules.js';
import type { Compression } from './batch.js';
import { BatchWriter } from './batch-writer.js';
import type { Environment } from './environment.js';
import { type DurabilityWatcher, type Input, OpenBatch } from './open-batch.js';
import {
  BUFFER_OPTIONS,
  type BufferOptions,
  checkBufferOptions,
  checkMilliseconds,
  resolveBuffer,
} from './options.js';
import { RETRY_TIMEOUT } from './retry.js';

const MiB = 1024 * 1024;

/** Options of {@link Producer.open}. */
export interface ProducerOptions extends BufferOptions {
  /**
   * Milliseconds after a batch's first entry when it is closed at the latest: 0 to 2^31−1.
   * @default 100
   */
  readonly flushInterval?: number;
  /**
   * Bytes of entries and metadata at which a batch is closed: 1 to 1 GiB.
   * @default 64 MiB
   */
  readonly flushSizeBytes?: number;
  /**
   * While no upload can start: calls of `produce` that are taken in before further ones wait; 1 to 2^31−1.
   * @default 1000
   */
  readonly maxBufferedInputs?: number;
  /**
   * Bytes of entries and metadata that are in memory, taken in and not durable yet, before further calls wait; 1 to
   * 2^53−1. A call that brings more waits until nothing else is there.
   * @default (maxConcurrentUploads + 1) × flushSizeBytes, but at least 64 MiB
   */
  readonly maxBufferedBytes?: number;
  /**
   * How the entries of a batch are compressed; `zstd` is of level 3.
   * @default 'none'
   */
  readonly batchCompression?: Compression;
  /**
   * Batches that are uploaded side by side: 1 to 64.
   * @default 4
   */
  readonly maxConcurrentUploads?: number;
  /**
   * Milliseconds for which a store that fails is tried again before callers get its error; may be `Infinity`.
   * @default 60000
   */
  readonly retryTimeout?: number;
}

/** What a call of `produce` brings: bytes, or text, which is stored as UTF-8. */
export type Entry = Uint8Array | string;

/** Entries have been taken in. */
export interface WriteHandle {
  readonly watcher: DurabilityWatcher;
  /** When that was, in milliseconds since the epoch; consumers get it with them. */
  readonly ingestionTimeMs: number;
}

/** A call of `produce` that has not been taken in. */
interface Call {
  readonly input: Input;
  readonly settled: Promise<WriteHandle>;
  readonly resolve: (handle: WriteHandle) => void;
  cancelled: boolean;
}

/**
 * Collects entries into batches and ships them: each batch is one object, and is named in a manifest that any number
 * of producers append to. Compatible with the producers of OpenData Buffer 0.2.
 *
 * - Durability: entries are durable once `watcher.awaitDurable()` resolves: their batch is stored *and* in the
 *   manifest.
 * - Atomicity: the entries of one call are in one batch, contiguous, under one item of metadata.
 * - Order: the manifest has what a producer was given in the order of the calls, although uploads overlap.
 * - Failure: a store that fails is tried again for `retryTimeout`; then every caller concerned gets its error, and the
 *   entries may be durable or not. A write whose answer was lost is not repeated blindly, but looked for.
 */
export class Producer {
  readonly #limits: Required<
    Pick<ProducerOptions, 'flushInterval' | 'flushSizeBytes' | 'maxBufferedInputs' | 'maxBufferedBytes'>
  >;
  readonly #compression: Compression;
  readonly #environment: Environment;
  readonly #writer: BatchWriter;
  #open: OpenBatch | undefined;
  /** Ends the wait for the open batch's time to come. */
  #timer = new AbortController();
  /** Bytes in the open batch and in those on their way. */
  #bufferedBytes = 0;
  readonly #waiting = new Fifo<Call>();
  /** The open batch and those on their way. */
  readonly #unsettled = new Set<OpenBatch>();
  #awaitingRoom = false;
  #closing: Promise<void> | undefined;

  private constructor(options: ProducerOptions) {
    const buffer = resolveBuffer(options);
    const { maxConcurrentUploads = 4, flushSizeBytes = 64 * MiB } = options;
    this.#limits = {
      flushSizeBytes,
      flushInterval: options.flushInterval ?? 100,
      maxBufferedInputs: options.maxBufferedInputs ?? 1000,
      maxBufferedBytes:
        options.maxBufferedBytes ?? Math.max(64 * MiB, (maxConcurrentUploads + 1) * flushSizeBytes),
    };
    this.#compression = options.batchCompression ?? 'none';
    this.#environment = buffer.environment;
    this.#writer = new BatchWriter({
      ...buffer,
      maxConcurrentUploads,
      retryTimeout: options.retryTimeout ?? RETRY_TIMEOUT,
    });
  }

  /**
   * Makes a producer.
   * @throws {@link WaldoError} `WALDO_OPTION`
   */
  static async open(options: ProducerOptions): Promise<Producer> {
    checkProducerOptions(options);
    return new Producer(options);
  }

  /**
   * Takes entries in, which are copied. Resolves when that has happened: at once, unless so much waits already that
   * the store has to catch up first.
   * @param entries at least one, each of less than 4 GiB.
   * @param metadata goes into the manifest with them, opaque.
   * @param options `signal` ends the wait; what has been taken in is shipped.
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`, `WALDO_CLOSED`, `WALDO_ABORTED`
   */
  async produce(
    entries: Iterable<Entry>,
    metadata: Entry = '',
    options?: { readonly signal?: AbortSignal },
  ): Promise<WriteHandle> {
    const signal = readSignal(options, 'produce');
    const input = readInput(entries, metadata);
    if (this.#closing !== undefined) throw closedError('the producer');
    if (signal?.aborted) throw abortedError('produce', signal.reason);
    if (this.#waiting.length === 0 && this.#fits(input)) return this.#take(input);
    return this.#wait(input, signal);
  }

  /** Waits until all that was given before is durable; rejects if some of it could not be made so. */
  async flush(): Promise<void> {
    // All of them: the last one may be given up while those before it still wait.
    const waiting: Promise<unknown>[] = [];
    for (let i = 0; i < this.#waiting.length; i++) waiting.push(this.#waiting.at(i).settled);
    await Promise.allSettled(waiting);
    if (this.#open !== undefined) this.#open.due = true;
    const unsettled = [...this.#unsettled];
    this.#ship();
    const results = await Promise.allSettled(unsettled.map((batch) => batch.awaitDurable()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** Takes nothing more in, and flushes. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.flush().finally(() => this.#writer.close());
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Percentage of manifest writes that found that somebody else had been faster. */
  conflictRate(): number {
    return this.#writer.conflictRate();
  }

  #fits({ bytes }: Input): boolean {
    const { flushSizeBytes, maxBufferedInputs, maxBufferedBytes } = this.#limits;
    if (this.#bufferedBytes > 0 && this.#bufferedBytes + bytes > maxBufferedBytes) {
      // What is buffered must not wait for its time while others wait for it.
      if (this.#open !== undefined) this.#open.due = true;
      return false;
    }
    if (this.#open === undefined || this.#writer.hasRoom) return true;
    return this.#open.bytes < flushSizeBytes && this.#open.calls < maxBufferedInputs;
  }

  #take(input: Input): WriteHandle {
    const watcher = this.#open ?? this.#begin();
    const ingestionTimeMs = this.#environment.now();
    watcher.add(input, ingestionTimeMs);
    this.#bufferedBytes += input.bytes;
    if (watcher.bytes >= this.#limits.flushSizeBytes) watcher.due = true;
    this.#ship();
    return { watcher, ingestionTimeMs };
  }

  async #wait(input: Input, signal: AbortSignal | undefined): Promise<WriteHandle> {
    // The caller may change the bytes once it has called.
    const own: Input = {
      ...input,
      entries: input.entries.map((entry) => Uint8Array.from(entry)),
      metadata: Uint8Array.from(input.metadata),
    };
    let onAbort: (() => void) | undefined;
    let resolve!: (handle: WriteHandle) => void;
    const settled = new Promise<WriteHandle>((resolveHandle, reject) => {
      resolve = resolveHandle;
      onAbort = () => {
        call.cancelled = true;
        reject(abortedError('produce', signal!.reason));
      };
    });
    const call: Call = { input: own, settled, resolve, cancelled: false };
    signal?.addEventListener('abort', onAbort!, { once: true });
    this.#waiting.push(call);
    this.#ship();
    try {
      return await settled;
    } finally {
      signal?.removeEventListener('abort', onAbort!);
    }
  }

  /** Takes in what has waited, as far as there is room. */
  #admit(): void {
    while (this.#waiting.length > 0) {
      const call = this.#waiting.at(0);
      if (!call.cancelled && !this.#fits(call.input)) break;
      this.#waiting.shift();
      if (!call.cancelled) call.resolve(this.#take(call.input));
    }
    if (this.#waiting.length > 0 && this.#writer.hasRoom) this.#ship();
  }

  #begin(): OpenBatch {
    const batch = new OpenBatch();
    this.#open = batch;
    this.#unsettled.add(batch);
    this.#timer = new AbortController();
    this.#environment.sleep(this.#limits.flushInterval, this.#timer.signal).then(
      () => {
        batch.due = true;
        this.#ship();
      },
      () => {}, // It was closed earlier.
    );
    return batch;
  }

  /** Closes the open batch if it is due and can be uploaded. */
  #ship(): void {
    const batch = this.#open;
    if (batch?.due !== true) return;
    if (!this.#writer.hasRoom) {
      void this.#awaitRoom();
      return;
    }
    this.#open = undefined;
    this.#timer.abort();
    batch.follow(this.#writer.write(batch.finish(this.#compression)));
    void batch
      .awaitDurable()
      .catch(() => {}) // Whoever watches is told.
      .then(() => {
        this.#unsettled.delete(batch);
        this.#bufferedBytes -= batch.bytes;
        this.#admit();
      });
    this.#admit();
  }

  async #awaitRoom(): Promise<void> {
    if (this.#awaitingRoom) return;
    this.#awaitingRoom = true;
    await this.#writer.room();
    this.#awaitingRoom = false;
    this.#ship();
  }
}

function readInput(entries: Iterable<Entry>, metadata: Entry): Input {
  if (
    typeof entries !== 'object' ||
    entries === null ||
    isUint8Array(entries) ||
    !(Symbol.iterator in entries)
  ) {
    throw invalidArgument(
      `produce expects an array, or another iterable, of entries; received ${describe(entries)}`,
    );
  }
  const read = Array.from(entries, (entry, i) => toBytes(entry, `entry ${i}`));
  if (read.length === 0) throw invalidArgument('produce expects at least one entry; received none');
  const payload = toBytes(metadata, 'metadata');
  let bytes = payload.length;
  for (const entry of read) bytes += entry.length;
  return { entries: read, metadata: payload, bytes };
}

function toBytes(value: unknown, what: string): Uint8Array {
  if (isUint8Array(value)) return value;
  if (typeof value === 'string') return Buffer.from(value);
  throw invalidArgument(`produce: ${what} is neither a string nor a Uint8Array; received ${describe(value)}`);
}

function checkProducerOptions(options: ProducerOptions): void {
  checkKnown(
    options,
    [
      ...BUFFER_OPTIONS,
      'flushInterval',
      'flushSizeBytes',
      'maxBufferedInputs',
      'maxBufferedBytes',
      'batchCompression',
      'maxConcurrentUploads',
      'retryTimeout',
    ],
    'Producer.open',
  );
  checkBufferOptions(options);
  checkMilliseconds('flushInterval', options.flushInterval, 0);
  checkMilliseconds('retryTimeout', options.retryTimeout, 0, true);
  checkInteger('flushSizeBytes', options.flushSizeBytes, { min: 1, max: 1024 * MiB, unit: 'bytes' });
  checkInteger('maxBufferedInputs', options.maxBufferedInputs, { min: 1, max: 2 ** 31 - 1, unit: 'calls' });
  checkInteger('maxBufferedBytes', options.maxBufferedBytes, {
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    unit: 'bytes',
  });
  checkInteger('maxConcurrentUploads', options.maxConcurrentUploads, { min: 1, max: 64, unit: 'uploads' });
  checkChoice('batchCompression', options.batchCompression, ['none', 'zstd']);
}
