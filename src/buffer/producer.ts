import { closedError, describe, invalidArgument, WaldoError } from '../errors.js';
import { Fifo } from '../fifo.js';
import { checkChoice, checkInteger, checkKnown } from '../option-rules.js';
import { type Compression, RecordBlock } from './batch.js';
import { BatchWriter, type DurableBatch, type EncodedBatch } from './batch-writer.js';
import { type Environment, realEnvironment } from './environment.js';
import type { MetadataItem } from './manifest.js';
import {
  BUFFER_OPTIONS,
  type BufferOptions,
  checkBufferOptions,
  checkMilliseconds,
  DEFAULT_DATA_PATH_PREFIX,
  DEFAULT_MANIFEST_PATH,
} from './options.js';

const MiB = 1024 * 1024;

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
   * While no upload can start: calls of `produce` that are taken in before further ones wait, 1 to 2^31−1.
   * @default 1000
   */
  readonly maxBufferedInputs?: number;
  /**
   * Bytes of entries and metadata that are held in memory before further calls wait; a call that brings more than that
   * waits until it is alone.
   * @default (maxConcurrentUploads + 1) × flushSizeBytes
   */
  readonly maxBufferedBytes?: number;
  /**
   * How the entries of a batch are compressed.
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

/** What a call of `produce` brings: bytes, or text as UTF-8. */
export type Entry = Uint8Array | string;

/** Tells when the entries of a call are durable: stored, and in the manifest. */
export interface DurabilityWatcher {
  /** Where the entries are, or why they may not be; `undefined` until their batch has been flushed. */
  result(): DurableBatch | Error | undefined;
  /** Waits until the entries are durable; rejects if they could not be made so. */
  awaitDurable(): Promise<DurableBatch>;
}

/** What `produce` resolves to: the entries have been taken in. */
export interface WriteHandle {
  readonly watcher: DurabilityWatcher;
  /** When they were, in milliseconds since the epoch; consumers get it with them. */
  readonly ingestionTimeMs: number;
}

/** Entries of one call, on their way into a batch. */
interface Input {
  readonly entries: readonly Uint8Array[];
  readonly metadata: Uint8Array;
  readonly bytes: number;
  readonly resolve: (handle: WriteHandle) => void;
  readonly reject: (error: unknown) => void;
  cancelled: boolean;
}

class Watcher implements DurabilityWatcher {
  #result: DurableBatch | Error | undefined;
  readonly #durable: Promise<DurableBatch>;

  constructor(durable: Promise<DurableBatch>) {
    this.#durable = durable.then(
      (batch) => {
        this.#result = batch;
        return batch;
      },
      (error: Error) => {
        this.#result = error;
        throw error;
      },
    );
    this.#durable.catch(() => {}); // A watcher that nobody watches must not end the process.
  }

  result(): DurableBatch | Error | undefined {
    return this.#result;
  }

  awaitDurable(): Promise<DurableBatch> {
    return this.#durable;
  }
}

/** The batch that takes entries in. */
class OpenBatch {
  readonly block = new RecordBlock();
  readonly metadata: MetadataItem[] = [];
  bytes = 0;
  readonly durable: Promise<DurableBatch>;
  settle!: { readonly resolve: (durable: Promise<DurableBatch>) => void };

  constructor() {
    this.durable = new Promise((resolve) => {
      this.settle = { resolve };
    });
  }

  /** Calls that have brought entries. */
  get calls(): number {
    return this.metadata.length;
  }

  add(input: Input, ingestionTimeMs: number): void {
    const startIndex = this.block.recordCount;
    for (const entry of input.entries) this.block.append(entry);
    this.metadata.push({ startIndex, ingestionTimeMs, payload: input.metadata });
    this.bytes += input.bytes;
  }
}

/**
 * Collects entries into batches and ships them: each batch is an object, named in a manifest that any number of
 * producers append to. Compatible with the producers of OpenData Buffer 0.2.
 *
 * - Durability: entries are durable once `watcher.awaitDurable()` resolves: their batch is stored *and* in the manifest.
 * - Atomicity: the entries of one call are in one batch, contiguous, under one item of metadata.
 * - Order: the manifest has a producer's calls in the order in which they were made, although uploads overlap.
 * - Failures: a store that fails is tried again for `retryTimeout`; then all callers whose entries are concerned get
 *   its error, and the entries may be durable or not. A write whose answer was lost is found out about, never repeated
 *   blindly: see docs/object-storage.md.
 */
export class Producer {
  readonly #options: Required<Omit<ProducerOptions, 'store' | 'environment'>>;
  readonly #environment: Environment;
  readonly #writer: BatchWriter;
  #open: OpenBatch | undefined;
  /** Bytes in the open batch and in those on their way. */
  #bufferedBytes = 0;
  readonly #waiting = new Fifo<Input>();
  /** What becomes of batches that were closed. */
  readonly #closing = new Set<Promise<unknown>>();
  #admitting = false;
  /** Batches are to be closed as soon as there is room, whatever their size and age. */
  #flushing = false;
  #closed = false;

  private constructor(options: ProducerOptions) {
    const { maxConcurrentUploads = 4, flushSizeBytes = 64 * MiB } = options;
    const { dataPathPrefix = DEFAULT_DATA_PATH_PREFIX, manifestPath = DEFAULT_MANIFEST_PATH } = options;
    const { retryTimeout = 60_000, environment = realEnvironment } = options;
    this.#environment = environment;
    this.#options = {
      dataPathPrefix,
      manifestPath,
      maxConcurrentUploads,
      flushSizeBytes,
      retryTimeout,
      flushInterval: options.flushInterval ?? 100,
      maxBufferedInputs: options.maxBufferedInputs ?? 1000,
      maxBufferedBytes: options.maxBufferedBytes ?? (maxConcurrentUploads + 1) * flushSizeBytes,
      batchCompression: options.batchCompression ?? 'none',
    };
    this.#writer = new BatchWriter({
      store: options.store,
      dataPathPrefix,
      manifestPath,
      maxConcurrentUploads,
      retryTimeout,
      environment,
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
   * Takes entries in. Resolves as soon as that has happened, which is at once unless too much waits already.
   * @param entries at least one; they are copied.
   * @param metadata goes into the manifest with them, opaque.
   * @param options `signal` ends the wait to be taken in; what was taken in is shipped.
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`, `WALDO_CLOSED`, `WALDO_ABORTED`
   */
  produce(
    entries: Iterable<Entry>,
    metadata: Entry = new Uint8Array(0),
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<WriteHandle> {
    throw new Error('unreachable');
  }
}
