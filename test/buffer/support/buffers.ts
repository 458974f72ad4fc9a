import { setImmediate as turn } from 'node:timers/promises';
import { decodeBatch } from '../../../src/buffer/batch.js';
import { type Environment, realEnvironment } from '../../../src/buffer/environment.js';
import { Manifest, type ManifestEntry } from '../../../src/buffer/manifest.js';
import type { ObjectStore } from '../../../src/buffer/object-store/object-store.js';

/** Surroundings in which waiting takes no time, but moves the clocks. */
export class QuickEnvironment implements Environment {
  slept = 0;
  now(): number {
    return 1_700_000_000_000 + Math.floor(this.slept);
  }
  monotonic(): number {
    return this.slept;
  }
  random(): number {
    return 0.5;
  }
  ulid(): string {
    return realEnvironment.ulid();
  }
  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    await turn();
    signal?.throwIfAborted();
    this.slept += milliseconds;
  }
}

export async function readManifest(store: ObjectStore, path = 'ingest/manifest'): Promise<Manifest> {
  return Manifest.parse((await store.get(path)).body, path);
}

export async function manifestEntries(store: ObjectStore): Promise<readonly ManifestEntry[]> {
  return [...(await readManifest(store)).entries()];
}

/** The entries of all batches that the manifest names, as text, a list a batch. */
export async function stored(store: ObjectStore): Promise<string[][]> {
  const batches: string[][] = [];
  for (const { location } of await manifestEntries(store)) {
    const records = await decodeBatch((await store.get(location)).body, location);
    batches.push(records.map(String));
  }
  return batches;
}

/** A promise and what settles it. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}

export { turn };
