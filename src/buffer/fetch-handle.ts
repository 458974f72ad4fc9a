import { type DecodeLimits, decodeBatch } from './batch.js';
import type { BatchDescriptor, FetchedBatch } from './consumed-batch.js';
import type { Environment } from './environment.js';
import { checkLocation } from './manifest.js';
import type { Metrics } from './metrics.js';
import type { ObjectStore } from './object-store/object-store.js';
import { type RetryOptions, retrying } from './retry.js';

/** Bytes of an object beside its block, with room for what compression may add to what cannot be compressed. */
const OBJECT_OVERHEAD = 1024 * 1024;

/** Fetches the batches of descriptors: stateless, so that any number may be fetched side by side, in any order. */
export class FetchHandle {
  readonly #store: ObjectStore;
  readonly #limits: DecodeLimits;
  readonly #environment: Environment;
  readonly #metrics: Metrics;
  readonly #retry: RetryOptions;
  readonly #manifest: string;

  /**
   * @param manifest names in errors what the descriptors are from.
   * @internal
   */
  constructor(
    store: ObjectStore,
    limits: DecodeLimits,
    metrics: Metrics,
    retry: RetryOptions,
    manifest: string,
  ) {
    this.#manifest = manifest;
    this.#store = store;
    this.#limits = limits;
    this.#environment = retry.environment;
    this.#metrics = metrics;
    this.#retry = retry;
  }

  /**
   * Fetches and decodes a batch object.
   * @throws {@link WaldoError} `WALDO_NOT_FOUND`, `WALDO_CORRUPT`, `WALDO_VERSION`, `WALDO_EXCEEDS_LIMIT`,
   * `WALDO_STORE`
   */
  async fetch(descriptor: BatchDescriptor): Promise<FetchedBatch> {
    const { sequence, location, metadata } = descriptor;
    checkLocation(descriptor, this.#manifest);
    const started = this.#environment.monotonic();
    const maxBytes = this.#limits.maxBytes + OBJECT_OVERHEAD;
    const { body } = await retrying(this.#retry, () =>
      this.#store.get(location, { signal: this.#retry.signal, maxBytes }),
    );
    const entries = await decodeBatch(body, `${this.#store.url}/${location}`, this.#limits);
    this.#metrics.record('buffer.batches_collected', 1);
    this.#metrics.record('buffer.entries_collected', entries.length);
    this.#metrics.record('buffer.bytes_collected', body.length);
    this.#metrics.record('buffer.fetch_duration_seconds', (this.#environment.monotonic() - started) / 1000);
    const youngest = metadata.at(-1);
    if (youngest !== undefined) {
      const lag = (this.#environment.now() - youngest.ingestionTimeMs) / 1000;
      this.#metrics.record('buffer.consumer_lag_seconds', Math.max(0, lag));
    }
    return { entries, sequence, location, metadata };
  }
}
