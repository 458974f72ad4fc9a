import { invalidArgument, WaldoError } from '../errors.js';
import { describeLast, type Manifest } from './manifest.js';
import { ManifestStore, type QueueOptions, type VersionedManifest } from './manifest-store.js';
import { Receipts } from './receipts.js';
import { Backoff, isPrecondition, retrying } from './retry.js';

/** What the manifests of consumers that never opened would have; no consumer takes it. */
const NO_EPOCH = 2n ** 64n - 1n;

/** Reads a manifest's entries and removes them from its front, as long as no later consumer has taken over. */
export class QueueConsumer {
  readonly #options: QueueOptions;
  readonly #store: ManifestStore;
  readonly #receipts: Receipts;
  #known: VersionedManifest | undefined;
  #epoch = NO_EPOCH;

  constructor(options: QueueOptions) {
    const { store, manifestPath, environment, metrics } = options;
    this.#options = options;
    this.#store = new ManifestStore({
      store,
      path: manifestPath,
      environment,
      metrics: { sink: metrics, role: 'consumer' },
    });
    this.#receipts = new Receipts(store, manifestPath, environment);
  }

  /** The manifest's URL. */
  get url(): string {
    return this.#store.url;
  }

  /** Entries of the manifest when it was last read or written. */
  get length(): number {
    return this.#known?.manifest.entryCount ?? 0;
  }

  conflictRate(): number {
    return this.#store.conflictRate();
  }

  /** Takes the manifest over: every earlier consumer is fenced. */
  async open(): Promise<void> {
    let epoch = NO_EPOCH;
    // An epoch is ours only if the write that brought it was answered; if not, the next one is taken.
    await this.#replace(async ({ manifest }) => {
      epoch = (manifest.epoch + 1n) % NO_EPOCH;
      return manifest.withEpoch(epoch);
    });
    this.#epoch = epoch;
  }

  /**
   * The manifest as it is now.
   * @throws {@link WaldoError} `WALDO_FENCED`
   */
  async read(): Promise<Manifest> {
    this.#known = await retrying(this.#options.retry, () =>
      this.#store.refresh(this.#known, this.#options.retry.signal),
    );
    this.#checkEpoch(this.#known);
    return this.#known.manifest;
  }

  /**
   * Removes the entries up to `sequence`, inclusive, which is in the manifest or was.
   * @throws {@link WaldoError} `WALDO_FENCED`; `WALDO_INVALID_ARGUMENT` if there has been no such entry yet.
   */
  async dequeue(sequence: number): Promise<void> {
    if (this.#known === undefined || sequence >= this.#known.manifest.nextSequence) await this.read();
    await this.#replace(async (base) => {
      this.#checkEpoch(base);
      const { manifest } = base;
      if (sequence >= manifest.nextSequence) {
        throw invalidArgument(`${this.url} has no entry ${sequence}: ${describeLast(manifest.nextSequence)}`);
      }
      const { manifest: rest, removed } = manifest.removeThrough(sequence);
      if (removed.length === 0) return undefined;
      await this.#receipts.note(removed, this.#options.retry.signal);
      return rest;
    });
  }

  /** Writes the manifest that `change` makes of the newest one; `undefined` if nothing is to be changed. */
  async #replace(change: (base: VersionedManifest) => Promise<Manifest | undefined>): Promise<void> {
    const { retry, environment } = this.#options;
    const backoff = new Backoff(retry);
    let base = this.#known;
    for (let conflicts = 0; ; ) {
      try {
        base ??= await this.#store.read(retry.signal);
        this.#known = base;
        const next = await change(base);
        if (next !== undefined) this.#known = await this.#store.write(base, next, retry.signal);
        return;
      } catch (error) {
        base = undefined;
        if (isPrecondition(error)) {
          backoff.reset();
          // Producers that wait for each other grow slower; a consumer need not, but must not storm the store either.
          if (conflicts++ > 0) await environment.sleep(environment.random() * 10 * conflicts, retry.signal);
        } else {
          await backoff.pause(error);
        }
      }
    }
  }

  #checkEpoch({ manifest }: VersionedManifest): void {
    if (manifest.epoch === this.#epoch) return;
    const message = `another consumer has taken over ${this.url}: its epoch is ${manifest.epoch}, ours is ${this.#epoch}`;
    throw new WaldoError('WALDO_FENCED', message, { object: this.url });
  }
}
