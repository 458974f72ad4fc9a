import type { Environment } from './environment.js';
import { Manifest, type ManifestEntry } from './manifest.js';
import { ManifestStore, type VersionedManifest } from './manifest-store.js';
import type { ObjectStore } from './object-store/object-store.js';
import { isPrecondition } from './retry.js';

/** How many of the entries that left the manifest last are remembered: about 250 KB. */
const REMEMBERED = 4096;

/**
 * Which batch had which place in the manifest, of those that have left it: `{manifestPath}.dequeued`, a manifest whose
 * entries have no metadata. Consumers note there what they are going to dequeue, so that a producer whose write got no
 * answer learns, however late it looks, whether it was applied.
 */
export class Receipts {
  readonly #store: ManifestStore;
  #known: VersionedManifest | undefined;

  constructor(store: ObjectStore, manifestPath: string, environment: Environment) {
    this.#store = new ManifestStore({ store, path: `${manifestPath}.dequeued`, environment });
  }

  /** Notes entries, in their order; those that have been noted before are not noted again. */
  async note(entries: readonly ManifestEntry[], signal?: AbortSignal): Promise<void> {
    for (;;) {
      const base = await this.#store.refresh(this.#known, signal);
      const fresh = entries.filter((entry) => entry.sequence >= base.manifest.nextSequence);
      if (fresh.length === 0) return;
      const noted = fresh.map(({ sequence, location }) => ({ sequence, location, metadata: [] }));
      const all = [...base.manifest.entries(), ...noted].slice(-REMEMBERED);
      const manifest = Manifest.fromEntries(all, noted.at(-1)!.sequence + 1, 0n);
      try {
        this.#known = await this.#store.write(base, manifest, signal);
        return;
      } catch (error) {
        if (!isPrecondition(error)) throw error;
      }
    }
  }

  /** The location that had the place `sequence`, if that is remembered. */
  async locationAt(sequence: number, signal?: AbortSignal): Promise<string | undefined> {
    const { manifest } = await this.#store.read(signal);
    return manifest.entryAt(sequence)?.location;
  }
}
