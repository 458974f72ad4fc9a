import { closedError, type WaldoError } from '../errors.js';
import { Fifo } from '../fifo.js';
import type { Environment } from './environment.js';
import type { MetadataItem } from './manifest.js';
import type { VersionedManifest } from './manifest-store.js';
import { Metrics } from './metrics.js';
import { storeFailed } from './object-store/store-errors.js';
import type { ResolvedBuffer } from './options.js';
import { type Enqueued, QueueProducer } from './queue-producer.js';
import { isPrecondition, type RetryOptions, retrying } from './retry.js';

/**
 * How old a batch object may be when it is entered in the manifest, in milliseconds. Collectors of garbage spare young
 * objects for a grace period (10 minutes by default), which has to be longer than this by more than a write can take;
 * an older batch is stored again under a new name.
 */
export const STALE_AFTER = 120_000;
/** A batch that has grown old while it was stored, so many times in a row, takes too long to be stored. */
const MOST_ROUNDS = 5;

/** A batch object to be. */
export interface EncodedBatch {
  /** The object's bytes; must not change until the batch is in the manifest. */
  readonly body: Uint8Array;
  readonly metadata: readonly MetadataItem[];
  readonly recordCount: number;
  /** Bytes of the records before compression, lengths not counted. */
  readonly payloadBytes: number;
}

/** Where a batch is. */
export interface DurableBatch {
  /** Its place in the manifest. */
  readonly sequence: number;
  /** The batch object's key. */
  readonly location: string;
}

export interface BatchWriterOptions extends ResolvedBuffer {
  /** Batches that are uploaded side by side. */
  readonly maxConcurrentUploads: number;
  /** Milliseconds for which a store that fails is tried again; may be `Infinity`. */
  readonly retryTimeout: number;
  /** Whether a batch that fails takes those behind it along, so that what is in the manifest has no hole. */
  readonly failFast?: boolean;
  readonly onRetry?: (error: WaldoError, attempt: number) => void;
}

/** One batch on its way. */
interface Item {
  readonly batch: Promise<EncodedBatch>;
  readonly closedAt: number;
  state: 'uploading' | 'uploaded' | 'failed';
  stored: { readonly batch: EncodedBatch; readonly location: string; readonly since: number } | undefined;
  readonly resolve: (durable: DurableBatch) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Uploads batches side by side and enters them in the manifest in the order in which they were given, as many with one
 * write as are ready.
 */
export class BatchWriter {
  readonly #options: BatchWriterOptions;
  readonly #environment: Environment;
  readonly #queue: QueueProducer;
  readonly #metrics: Metrics;
  readonly #abort = new AbortController();
  readonly #retry: RetryOptions;
  /** Given and not settled, the oldest first. */
  #line: Item[] = [];
  #uploading = 0;
  /** Those that wait for one of the uploads to end. */
  readonly #waiting = new Fifo<() => void>();
  #enqueuing = false;
  #failure: { readonly error: unknown } | undefined;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(options: BatchWriterOptions) {
    const { store, manifestPath, environment } = options;
    this.#options = options;
    this.#environment = environment;
    this.#metrics = new Metrics(store.url, manifestPath);
    this.#retry = {
      environment,
      timeout: options.retryTimeout,
      signal: this.#abort.signal,
      onRetry: options.onRetry,
    };
    this.#queue = new QueueProducer({
      store,
      manifestPath,
      environment,
      metrics: this.#metrics,
      retry: this.#retry,
    });
  }

  /** Whether a batch that is given now is uploaded at once, and memory does not grow without bound. */
  get hasRoom(): boolean {
    const { maxConcurrentUploads } = this.#options;
    return this.#uploading < maxConcurrentUploads && this.#line.length < 2 * maxConcurrentUploads;
  }

  /** Resolves when {@link hasRoom}. */
  async room(signal?: AbortSignal): Promise<void> {
    while (!this.hasRoom) {
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => reject(signal!.reason);
        signal?.throwIfAborted();
        signal?.addEventListener('abort', onAbort, { once: true });
        this.#waiting.push(() => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
      });
    }
  }

  /** Takes a batch; resolves once it is stored and in the manifest. */
  write(batch: EncodedBatch | Promise<EncodedBatch>): Promise<DurableBatch> {
    if (this.#closed) return Promise.reject(closedError('the batch writer'));
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => {
      const closedAt = this.#environment.monotonic();
      const item: Item = {
        batch: Promise.resolve(batch),
        closedAt,
        state: 'uploading',
        stored: undefined,
        resolve,
        reject,
      };
      this.#line.push(item);
      void this.#upload(item);
    });
  }

  /** The manifest as it is now. */
  readManifest(): Promise<VersionedManifest> {
    return retrying(this.#retry, () => this.#queue.read());
  }

  /** Percentage of manifest writes that found that somebody else had been faster. */
  conflictRate(): number {
    return this.#queue.conflictRate();
  }

  /** Waits until what was given is settled; then nothing more is taken. */
  async close(): Promise<void> {
    this.#closed = true;
    if (!this.#isIdle) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  get #isIdle(): boolean {
    return this.#line.length === 0 && this.#uploading === 0;
  }

  /** Gives up what is under way: it is rejected with `reason`, and may be stored or not. */
  abort(reason: unknown): void {
    this.#closed = true;
    this.#abort.abort(reason);
  }

  async #upload(item: Item): Promise<void> {
    this.#uploading++;
    try {
      await this.#store(item, await item.batch);
      item.state = 'uploaded';
    } catch (error) {
      item.state = 'failed';
      item.reject(error);
      if (this.#options.failFast === true) this.#failure ??= { error };
    }
    this.#uploading--;
    this.#wake();
    void this.#advance();
  }

  /** Stores a batch under a new name; an attempt whose answer was lost is found to have been ours. */
  async #store(item: Item, batch: EncodedBatch): Promise<void> {
    const { store, dataPathPrefix } = this.#options;
    const { signal } = this.#abort;
    for (;;) {
      const location = `${dataPathPrefix}/${this.#environment.ulid()}.batch`;
      // Other collectors go by the time in the name alone; and nobody knows when an answer was under way for long.
      const since = this.#environment.monotonic();
      let attempts = 0;
      try {
        await retrying(this.#retry, () => {
          attempts++;
          return store.putIfAbsent(location, batch.body, { signal });
        });
      } catch (error) {
        if (!isPrecondition(error)) throw error;
        // Somebody else's, by a clash of names; after an attempt without an answer, the one which that one stored.
        if (attempts === 1) continue;
      }
      item.stored = { batch, location, since };
      return;
    }
  }

  /** Enters what is ready at the head of the line. */
  async #advance(): Promise<void> {
    if (this.#enqueuing) return;
    this.#enqueuing = true;
    try {
      for (;;) {
        this.#dropFailed();
        if (this.#line[0]?.state !== 'uploaded') break;
        await this.#enqueue();
      }
    } finally {
      this.#enqueuing = false;
    }
    if (this.#isIdle) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #enqueue(): Promise<void> {
    let items: Item[] = [];
    try {
      const enqueued = await this.#queue.enqueue(async () => {
        items = this.#ready();
        await this.#refresh(items);
        return items.map((item) => ({
          location: item.stored!.location,
          metadata: item.stored!.batch.metadata,
        }));
      });
      this.#settle(enqueued);
    } catch (error) {
      if (this.#options.failFast === true) this.#failure ??= { error };
      for (const item of items.length === 0 ? this.#ready() : items) {
        item.state = 'failed';
        item.reject(error);
      }
    }
    this.#wake();
  }

  /** The batches at the head of the line that are stored. */
  #ready(): Item[] {
    const end = this.#line.findIndex((item) => item.state !== 'uploaded');
    return end < 0 ? [...this.#line] : this.#line.slice(0, end);
  }

  /**
   * Stores those batches again that have become so old that a collector might take them for garbage; as that takes
   * time, others may have become old meanwhile.
   */
  async #refresh(items: readonly Item[]): Promise<void> {
    for (let round = 1; ; round++) {
      const now = this.#environment.monotonic();
      const old = items.filter(({ stored }) => now - stored!.since >= STALE_AFTER);
      if (old.length === 0) return;
      if (round > MOST_ROUNDS) {
        const { batch, location } = old[0]!.stored!;
        const what = `its ${batch.body.length} bytes take longer than ${STALE_AFTER / 1000} s to be stored: make batches smaller`;
        throw storeFailed(`${this.#options.store.url}/${location}`, what, { retryable: false });
      }
      await Promise.all(old.map((item) => this.#store(item, item.stored!.batch)));
    }
  }

  #settle({ sequence, locations }: Enqueued): void {
    const now = this.#environment.monotonic();
    for (const [i, item] of this.#line.splice(0, locations.length).entries()) {
      const { batch } = item.stored!;
      this.#metrics.record('buffer.batches_flushed', 1);
      this.#metrics.record('buffer.entries_flushed', batch.recordCount);
      this.#metrics.record('buffer.bytes_flushed', batch.payloadBytes);
      this.#metrics.record('buffer.bytes_written', batch.body.length);
      this.#metrics.record('buffer.flush_duration_seconds', (now - item.closedAt) / 1000);
      item.resolve({ sequence: sequence + i, location: locations[i]! });
    }
  }

  /** Removes failed batches from the head of the line; with `failFast`, all that are not on their way. */
  #dropFailed(): void {
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      for (const item of this.#line) item.reject(error);
      this.#line = this.#line.filter((item) => item.state === 'uploading');
      for (const item of this.#line) item.state = 'failed';
    }
    while (this.#line[0]?.state === 'failed') this.#line.shift();
    this.#wake();
  }

  /** Those who wait for room look again. */
  #wake(): void {
    for (let i = this.#waiting.length; i > 0; i--) this.#waiting.shift()();
  }
}
