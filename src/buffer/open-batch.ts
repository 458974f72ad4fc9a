import { type Compression, RecordBlock } from './batch.js';
import type { DurableBatch, EncodedBatch } from './batch-writer.js';
import type { MetadataItem } from './manifest.js';

/** Tells when the entries of a call are durable: stored, and in the manifest. */
export interface DurabilityWatcher {
  /** Where the entries are, or why they may not be durable; `undefined` until their batch has been flushed. */
  result(): DurableBatch | Error | undefined;
  /** Waits until the entries are durable; rejects if they could not be made so. */
  awaitDurable(): Promise<DurableBatch>;
}

/** What one call of `produce` brings. */
export interface Input {
  readonly entries: readonly Uint8Array[];
  readonly metadata: Uint8Array;
  /** Of entries and metadata. */
  readonly bytes: number;
}

/** The batch that takes entries in. */
export class OpenBatch implements DurabilityWatcher {
  /** It is to be closed as soon as it can be uploaded. */
  due = false;
  /** Bytes of entries and metadata. */
  bytes = 0;
  readonly #block = new RecordBlock();
  readonly #metadata: MetadataItem[] = [];
  readonly #durable: Promise<DurableBatch>;
  #settle!: (durable: Promise<DurableBatch>) => void;
  #result: DurableBatch | Error | undefined;

  constructor() {
    this.#durable = new Promise<DurableBatch>((resolve) => {
      this.#settle = resolve;
    }).then(
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

  /** How many calls have brought entries. */
  get calls(): number {
    return this.#metadata.length;
  }

  result(): DurableBatch | Error | undefined {
    return this.#result;
  }

  awaitDurable(): Promise<DurableBatch> {
    return this.#durable;
  }

  /** Copies entries in. */
  add({ entries, metadata, bytes }: Input, ingestionTimeMs: number): void {
    const startIndex = this.#block.recordCount;
    for (const entry of entries) this.#block.append(entry);
    this.#metadata.push({ startIndex, ingestionTimeMs, payload: Uint8Array.from(metadata) });
    this.bytes += bytes;
  }

  /** Makes the object of it; nothing can be added any more. */
  async finish(compression: Compression): Promise<EncodedBatch> {
    const { recordCount, payloadBytes } = this.#block;
    const body = await this.#block.finish(compression);
    return { body, metadata: this.#metadata, recordCount, payloadBytes };
  }

  /** It will be durable when `durable` resolves. */
  follow(durable: Promise<DurableBatch>): void {
    this.#settle(durable);
  }
}
