import { Contention } from './contention.js';
import type { NewEntry } from './manifest.js';
import { ManifestStore, type QueueOptions, type VersionedManifest } from './manifest-store.js';
import { Receipts } from './receipts.js';
import { Backoff, isPrecondition } from './retry.js';

/** Where entries are in the manifest: the first of `locations` has the place `sequence`, and so on. */
export interface Enqueued {
  readonly sequence: number;
  readonly locations: readonly string[];
}

/** Appends entries to a manifest that others append to as well. */
export class QueueProducer {
  readonly #options: QueueOptions;
  readonly #store: ManifestStore;
  readonly #receipts: Receipts;
  /** The manifest as this producer wrote it last: if nobody else has written since, it need not be read. */
  #known: VersionedManifest | undefined;
  readonly #contention: Contention;

  constructor(options: QueueOptions) {
    const { store, manifestPath, environment, metrics } = options;
    this.#options = options;
    this.#store = new ManifestStore({
      store,
      path: manifestPath,
      environment,
      metrics: { sink: metrics, role: 'producer' },
    });
    this.#receipts = new Receipts(store, manifestPath, environment);
    this.#contention = new Contention(environment);
  }

  /** The manifest as it is now. */
  async read(): Promise<VersionedManifest> {
    this.#known = await this.#store.refresh(this.#known, this.#options.retry.signal);
    return this.#known;
  }

  /** Percentage of manifest writes that found that somebody else had been faster. */
  conflictRate(): number {
    return this.#store.conflictRate();
  }

  /**
   * Appends entries at the manifest's end with one write, however often that takes to get through; calls must follow
   * one another. A write whose answer was lost is neither repeated if it was applied nor forgotten if it was not:
   * the place that its first entry would have got tells.
   * @param entries asked for the entries before each attempt: at least one, and in each attempt those of the one
   * before, under the same location or a new one, and perhaps more.
   */
  async enqueue(entries: () => Promise<readonly NewEntry[]>): Promise<Enqueued> {
    const { signal } = this.#options.retry;
    const backoff = new Backoff(this.#options.retry);
    const unanswered: Enqueued[] = [];
    for (;;) {
      let attempt: Enqueued | undefined;
      try {
        await this.#contention.pause(signal);
        const known = this.#known;
        const base = await this.#base();
        const applied = await this.#findApplied(unanswered, base);
        if (applied !== undefined) {
          this.#known = base;
          return applied;
        }
        const batch = await entries();
        const next = base.manifest.append(batch);
        attempt = { sequence: base.manifest.nextSequence, locations: batch.map((entry) => entry.location) };
        this.#known = await this.#store.write(base, next, signal);
        this.#contention.succeeded(known !== undefined && known !== base);
        return attempt;
      } catch (error) {
        if (isPrecondition(error)) {
          this.#contention.conflicted();
          backoff.reset();
          continue;
        }
        if (attempt !== undefined) unanswered.push(attempt);
        await backoff.pause(error);
      }
    }
  }

  /**
   * Looks whether one of the writes without an answer was applied: the last first, which has all entries of those
   * before it. A write is applied as a whole, so that the place of its last entry tells.
   */
  async #findApplied(
    unanswered: readonly Enqueued[],
    { manifest }: VersionedManifest,
  ): Promise<Enqueued | undefined> {
    for (const attempt of [...unanswered].reverse()) {
      const last = attempt.sequence + attempt.locations.length - 1;
      if (last >= manifest.nextSequence) continue;
      const found =
        manifest.entryAt(last)?.location ??
        (await this.#receipts.locationAt(last, this.#options.retry.signal));
      if (found === attempt.locations.at(-1)) return attempt;
    }
    return undefined;
  }

  /** The manifest to append to: the one that this producer wrote, unless somebody else may have written since. */
  async #base(): Promise<VersionedManifest> {
    const { signal } = this.#options.retry;
    const known = this.#known;
    this.#known = undefined;
    if (known !== undefined && !this.#contention.expected) return known;
    return this.#store.refresh(known, signal);
  }
}
