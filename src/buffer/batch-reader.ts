import { hasCode, invalidArgument, WaldoError } from '../errors.js';
import { decodeLimits } from './batch.js';
import type { BatchDescriptor, FetchedBatch } from './consumed-batch.js';
import { FetchHandle } from './fetch-handle.js';
import { describeLast, type Manifest } from './manifest.js';
import { ManifestStore, type VersionedManifest } from './manifest-store.js';
import { Metrics } from './metrics.js';
import { type BufferOptions, checkBufferOptions, resolveBuffer } from './options.js';
import { POLL_INTERVAL, PREFETCH, readAhead } from './read-ahead.js';
import { RETRY_TIMEOUT, type RetryOptions, retrying } from './retry.js';

export interface BatchReaderOptions {
  /** Begin after the batch of this sequence; without it, with the oldest. */
  readonly after?: number | undefined;
  /** Wait for more once all were read. */
  readonly follow: boolean;
  /** Ends the reading, with an error. */
  readonly signal: AbortSignal;
}

/**
 * Reads a buffer's batches beside whoever consumes it: the manifest is not taken over, nobody is fenced and nothing is
 * written. What a consumer has removed cannot be read any more.
 */
export class BatchReader {
  readonly #store: ManifestStore;
  readonly #fetcher: FetchHandle;
  readonly #retry: RetryOptions;
  readonly #options: BatchReaderOptions;
  #known: VersionedManifest | undefined;
  /** The last batch that was named to be fetched. */
  #last: number | undefined;

  /** @throws {@link WaldoError} `WALDO_OPTION` */
  constructor(buffer: BufferOptions, options: BatchReaderOptions) {
    checkBufferOptions(buffer);
    const { store, manifestPath, environment } = resolveBuffer(buffer);
    this.#retry = { environment, timeout: RETRY_TIMEOUT, signal: options.signal };
    this.#store = new ManifestStore({ store, path: manifestPath, environment });
    this.#fetcher = new FetchHandle(
      store,
      decodeLimits(),
      new Metrics(store.url, manifestPath),
      this.#retry,
      this.#store.url,
    );
    this.#options = options;
    this.#last = options.after;
  }

  /** The manifest's URL. */
  get url(): string {
    return this.#store.url;
  }

  /**
   * The manifest as it is now; `undefined` if there is none yet.
   * @throws {@link WaldoError} `WALDO_STORE` at once, so that a wrong URL shows; `WALDO_CORRUPT`, `WALDO_VERSION`
   */
  async manifest(): Promise<Manifest | undefined> {
    this.#known = await this.#store.refresh(this.#known, this.#retry.signal);
    return this.#known.version === undefined ? undefined : this.#known.manifest;
  }

  /**
   * Batch after batch.
   * @throws {@link WaldoError} `WALDO_TRIMMED`, with `oldestSeqNo`, if the next batch was removed;
   * `WALDO_INVALID_ARGUMENT` if there has been no batch of the sequence to begin after; what
   * {@link FetchHandle.fetch} throws
   */
  async *batches(): AsyncGenerator<FetchedBatch, void, undefined> {
    const { follow, signal } = this.#options;
    await this.#checkStart();
    yield* readAhead({
      environment: this.#retry.environment,
      prefetch: PREFETCH,
      pollInterval: POLL_INTERVAL,
      follow,
      signal,
      next: (max) => this.#next(max),
      fetch: (descriptor) => this.#fetch(descriptor),
    });
  }

  async #checkStart(): Promise<void> {
    const { after } = this.#options;
    if (after === undefined) return;
    const next = (await this.manifest())?.nextSequence ?? 0;
    if (after < next) return;
    throw invalidArgument(`${this.url} has no batch ${after}: ${describeLast(next)}`);
  }

  async #next(max: number): Promise<readonly BatchDescriptor[]> {
    const manifest = await retrying(this.#retry, () => this.manifest());
    if (manifest === undefined) return [];
    const from = this.#last === undefined ? 0 : this.#last + 1;
    const next = [...manifest.entries(from, max)];
    const first = next[0]?.sequence ?? manifest.nextSequence;
    if (this.#last !== undefined && first > from) throw this.#removed(from, first);
    this.#last = next.at(-1)?.sequence ?? this.#last;
    return next;
  }

  /** A batch that is gone was there when the manifest was read: whoever consumed it since has had it removed. */
  async #fetch(descriptor: BatchDescriptor): Promise<FetchedBatch> {
    try {
      return await this.#fetcher.fetch(descriptor);
    } catch (error) {
      if (!hasCode(error, 'WALDO_NOT_FOUND')) throw error;
      const manifest = await this.manifest();
      const first = manifest?.firstSequence() ?? manifest?.nextSequence ?? 0;
      if (first <= descriptor.sequence) throw error;
      throw this.#removed(descriptor.sequence, first);
    }
  }

  #removed(from: number, oldest: number): WaldoError {
    const batches = oldest - 1 === from ? `batch ${from} was` : `the batches ${from} to ${oldest - 1} were`;
    const message = `${this.url}: ${batches} removed by a consumer`;
    return new WaldoError('WALDO_TRIMMED', message, { object: this.url, oldestSeqNo: oldest });
  }
}
