import type { DurableCursor } from '../durable-cursor.js';
import type { WaldoError } from '../errors.js';
import { BatchWriter } from './batch-writer.js';
import type { VersionedManifest } from './manifest-store.js';
import type { PackedBatch } from './range-packer.js';
import { publish } from './upload-channels.js';
import type { ResolvedUploaderOptions } from './upload-options.js';

/** What a {@link Shipper} tells. */
export interface ShipperEvents {
  /** There may be room for another batch. */
  readonly onRoom: () => void;
  /** The cursor has moved. */
  readonly onCommit: () => void;
  /** A batch cannot be shipped, nor any behind it. */
  readonly onFailure: (error: unknown) => void;
  /** A batch is in the manifest, and nobody reads its memory any more. */
  readonly onFree: (batch: PackedBatch) => void;
}

/**
 * Uploads the batches of a ring side by side and moves the ring's cursor behind them, in order, once the manifest names
 * them.
 */
export class Shipper {
  readonly #directory: string;
  readonly #cursor: DurableCursor;
  readonly #options: ResolvedUploaderOptions;
  readonly #events: ShipperEvents;
  readonly #writer: BatchWriter;
  readonly #abort = new AbortController();
  #awaitingRoom = false;
  #bytesInFlight = 0;
  #batchesInFlight = 0;
  /** Settles when what was shipped is in the manifest and committed, in the order in which it was shipped. */
  #shipped: Promise<void> = Promise.resolve();
  /** The last lost log, by the last one before the loss that is to be shipped first. */
  readonly #lost = new Map<number, number>();
  #logs = 0;
  #bytes = 0;
  #batches = 0;
  #retries = 0;
  #lastError: Error | undefined;

  constructor(
    directory: string,
    cursor: DurableCursor,
    options: ResolvedUploaderOptions,
    events: ShipperEvents,
  ) {
    this.#directory = directory;
    this.#cursor = cursor;
    this.#options = options;
    this.#events = events;
    const { store, dataPathPrefix, manifestPath, environment, maxConcurrentUploads, retryTimeout } = options;
    this.#writer = new BatchWriter({
      store,
      dataPathPrefix,
      manifestPath,
      environment,
      maxConcurrentUploads,
      retryTimeout,
      failFast: true,
      onRetry: (error, attempt) => this.#retrying(error, attempt),
    });
  }

  get batchesInFlight(): number {
    return this.#batchesInFlight;
  }

  /** Its part of the uploader's stats. */
  stats() {
    return {
      logs: this.#logs,
      bytes: this.#bytes,
      batches: this.#batches,
      batchesInFlight: this.#batchesInFlight,
      position: this.#cursor.position,
      lag: this.#cursor.lag,
      retries: this.#retries,
      lastError: this.#lastError,
    };
  }

  /** The manifest as it is now. */
  readManifest(): Promise<VersionedManifest> {
    return this.#writer.readManifest();
  }

  /** Whether another batch may be shipped; if not, `onRoom` tells when it may. */
  get hasRoom(): boolean {
    const { flushSizeBytes, maxConcurrentUploads } = this.#options;
    // Twice: a batch that is stored waits for the manifest, while the next ones are uploaded.
    if (this.#bytesInFlight >= 2 * maxConcurrentUploads * flushSizeBytes) return false;
    if (!this.#writer.hasRoom) void this.#awaitRoom();
    return this.#writer.hasRoom;
  }

  ship(batch: PackedBatch): void {
    const { environment, compression } = this.#options;
    const { bytes } = batch;
    this.#bytesInFlight += bytes;
    this.#batchesInFlight++;
    const since = environment.monotonic();
    const retries = this.#retries;
    const durable = this.#writer.write(batch.finish(compression));
    this.#append(async (before) => {
      const { sequence, location } = await durable;
      this.#bytesInFlight -= bytes;
      this.#batchesInFlight--;
      // An attempt that was given up may still be sending.
      if (this.#retries === retries) this.#events.onFree(batch);
      this.#events.onRoom();
      await before;
      await this.#cursor.commit(this.#behind(batch.lastSeqNo));
      this.#count(batch, sequence, location, environment.monotonic() - since);
    });
  }

  /**
   * The logs behind `afterSeqNo` up to `lastLost` are lost: the cursor passes them, once what is before them is shipped.
   * @param packed whether the log `afterSeqNo` is still to be shipped
   */
  pass(afterSeqNo: number, lastLost: number, packed: boolean): void {
    if (packed) {
      this.#lost.set(afterSeqNo, lastLost);
      return;
    }
    this.#append(async (before) => {
      await before;
      await this.#cursor.commit(lastLost);
    });
  }

  /** Waits until what was shipped is in the manifest and committed; rejects if it cannot be. */
  settled(): Promise<void> {
    return this.#shipped;
  }

  /** Gives up what is under way: it may be stored or not. */
  abort(reason: unknown): void {
    this.#abort.abort(reason);
    this.#writer.abort(reason);
  }

  /** Waits until nothing is under way. */
  async close(): Promise<void> {
    await this.#shipped.catch(() => {}); // `onFailure` has told.
    await this.#writer.close();
  }

  #append(next: (before: Promise<void>) => Promise<void>): void {
    const shipped = next(this.#shipped).then(() => this.#events.onCommit());
    this.#shipped = shipped;
    shipped.catch((error) => this.#events.onFailure(error));
  }

  /** Where the cursor may be once the logs up to a number are shipped. */
  #behind(lastSeqNo: number): number {
    let position = lastSeqNo;
    for (const [afterSeqNo, lastLost] of this.#lost) {
      if (afterSeqNo > position) break;
      this.#lost.delete(afterSeqNo);
      if (afterSeqNo === position) position = lastLost;
    }
    return position;
  }

  #count(batch: PackedBatch, sequence: number, location: string, milliseconds: number): void {
    const { firstSeqNo, lastSeqNo, logCount: logs, payloadBytes: bytes } = batch;
    this.#logs += logs;
    this.#bytes += bytes;
    this.#batches++;
    publish('waldo:upload', () => {
      const { url: store } = this.#options.store;
      const directory = this.#directory;
      return { directory, store, firstSeqNo, lastSeqNo, logs, bytes, sequence, location, milliseconds };
    });
  }

  async #awaitRoom(): Promise<void> {
    if (this.#awaitingRoom) return;
    this.#awaitingRoom = true;
    await this.#writer.room(this.#abort.signal).catch(() => {}); // It has been given up.
    this.#awaitingRoom = false;
    this.#events.onRoom();
  }

  #retrying(error: WaldoError, attempt: number): void {
    this.#retries++;
    this.#lastError = error;
    publish('waldo:upload-retry', () => {
      return { directory: this.#directory, store: this.#options.store.url, error, attempt };
    });
  }
}
