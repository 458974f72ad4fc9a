import { hasCode } from '../errors.js';
import type { Environment } from './environment.js';
import { Manifest } from './manifest.js';
import type { Metrics, Role } from './metrics.js';
import type { ObjectStore } from './object-store/object-store.js';
import { isPrecondition, type RetryOptions } from './retry.js';

/** A manifest of 100,000 entries of one range each has about 10 MB; every write copies all of it. */
export const MAX_MANIFEST_BYTES = 512 * 1024 * 1024;

/** A manifest as it was read or written; without a version there is no such object yet. */
export interface VersionedManifest {
  readonly manifest: Manifest;
  readonly version: string | undefined;
}

export interface ManifestStoreOptions {
  readonly store: ObjectStore;
  readonly path: string;
  readonly environment: Environment;
  /** Where writes and conflicts are counted; of a manifest that is an auxiliary one, nowhere. */
  readonly metrics?: { readonly sink: Metrics; readonly role: Role };
}

/** What both ends of a manifest need. */
export interface QueueOptions {
  readonly store: ObjectStore;
  readonly manifestPath: string;
  readonly environment: Environment;
  readonly metrics: Metrics;
  /** How failures of the store are met. */
  readonly retry: RetryOptions;
}

/** Reads one manifest object and replaces it if it is unchanged. */
export class ManifestStore {
  readonly #options: ManifestStoreOptions;
  #writes = 0;
  #conflicts = 0;
  #lastWrite = Number.NEGATIVE_INFINITY;

  constructor(options: ManifestStoreOptions) {
    this.#options = options;
  }

  /** The manifest's URL. */
  get url(): string {
    return `${this.#options.store.url}/${this.#options.path}`;
  }

  read(signal?: AbortSignal): Promise<VersionedManifest> {
    return this.refresh(undefined, signal);
  }

  /** Reads the manifest again, which costs little if it is what it was. */
  async refresh(known: VersionedManifest | undefined, signal?: AbortSignal): Promise<VersionedManifest> {
    const { store, path } = this.#options;
    const options = { signal, maxBytes: MAX_MANIFEST_BYTES };
    try {
      const found =
        known?.version === undefined
          ? await store.get(path, options)
          : await store.getIfChanged(path, known.version, options);
      // Only what is known can be unchanged.
      if (found === undefined) return known!;
      return { manifest: Manifest.parse(found.body, this.url), version: found.version };
    } catch (error) {
      if (!hasCode(error, 'WALDO_NOT_FOUND')) throw error;
      return { manifest: Manifest.empty, version: undefined };
    }
  }

  /**
   * Writes the manifest that follows from `base`, if that is still the newest.
   * @throws {@link WaldoError} `WALDO_PRECONDITION`: it is not, and nothing was written; `WALDO_STORE`: nobody knows.
   */
  async write(base: VersionedManifest, manifest: Manifest, signal?: AbortSignal): Promise<VersionedManifest> {
    const { store, path, environment, metrics } = this.#options;
    const wait = this.#lastWrite + store.writeIntervalMs - environment.monotonic();
    if (wait > 0) await environment.sleep(wait, signal);
    this.#writes++;
    this.#lastWrite = environment.monotonic();
    metrics?.sink.record('buffer.manifest_writes', 1, metrics.role);
    try {
      const { bytes } = manifest;
      const version =
        base.version === undefined
          ? await store.putIfAbsent(path, bytes, { signal })
          : await store.putIfMatch(path, bytes, base.version, { signal });
      return { manifest, version };
    } catch (error) {
      if (isPrecondition(error)) {
        this.#conflicts++;
        metrics?.sink.record('buffer.manifest_conflicts', 1, metrics.role);
      }
      throw error;
    }
  }

  /** Percentage of writes that found that somebody else had been faster. */
  conflictRate(): number {
    return this.#writes === 0 ? 0 : (this.#conflicts / this.#writes) * 100;
  }
}
