import { setTimeout as sleep } from 'node:timers/promises';
import type {
  DeleteFailure,
  GetOptions,
  ObjectInfo,
  ObjectStore,
  StoredObject,
  StoreOptions,
} from '../../../src/buffer/object-store/object-store.js';
import { storeFailed } from '../../../src/buffer/object-store/store-errors.js';
import type { Random } from '../../buffer/campaign/random.js';

/** Of requests: the part that is not applied, that is applied without an answer, and that is slow. */
const REFUSED = 0.03;
const LOST = 0.03;
const SLOW = 0.05;
/** The part that begins an outage: nothing gets through for a while. */
const OUTAGE = 0.002;
/** Milliseconds. */
const LONGEST_DELAY = 500;
const LONGEST_OUTAGE = 5000;

/** Another store, which fails now and then: by a seed, as far as requests come in the same order. */
export class FaultyStore implements ObjectStore {
  readonly url: string;
  readonly writeIntervalMs: number;
  readonly counts = { requests: 0, refused: 0, lost: 0, slow: 0, outages: 0 };
  readonly #inner: ObjectStore;
  readonly #random: Random;
  #awayUntil = 0;

  constructor(inner: ObjectStore, random: Random) {
    this.url = inner.url;
    this.writeIntervalMs = inner.writeIntervalMs;
    this.#inner = inner;
    this.#random = random;
  }

  get(key: string, options?: GetOptions): Promise<StoredObject> {
    return this.#request(key, () => this.#inner.get(key, options));
  }

  getIfChanged(key: string, version: string, options?: GetOptions): Promise<StoredObject | undefined> {
    return this.#request(key, () => this.#inner.getIfChanged(key, version, options));
  }

  putIfAbsent(key: string, body: Uint8Array, options?: StoreOptions): Promise<string> {
    return this.#request(key, () => this.#inner.putIfAbsent(key, body, options));
  }

  putIfMatch(key: string, body: Uint8Array, version: string, options?: StoreOptions): Promise<string> {
    return this.#request(key, () => this.#inner.putIfMatch(key, body, version, options));
  }

  async *list(prefix: string, options?: StoreOptions): AsyncIterable<ObjectInfo> {
    await this.#request(prefix, async () => {});
    yield* this.#inner.list(prefix, options);
  }

  delete(keys: readonly string[], options?: StoreOptions): Promise<readonly DeleteFailure[]> {
    return this.#request(`${keys.length} objects`, () => this.#inner.delete(keys, options));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #request<T>(what: string, carryOut: () => Promise<T>): Promise<T> {
    this.counts.requests++;
    const random = this.#random;
    if (performance.now() < this.#awayUntil) throw this.#failure(what, 'away');
    if (random.chance(OUTAGE)) {
      this.counts.outages++;
      this.#awayUntil = performance.now() + random.unit() * LONGEST_OUTAGE;
      throw this.#failure(what, 'going away');
    }
    const unit = random.unit();
    if (unit < REFUSED) {
      this.counts.refused++;
      throw this.#failure(what, 'refused');
    }
    const isLost = unit < REFUSED + LOST;
    if (!isLost && unit < REFUSED + LOST + SLOW) {
      this.counts.slow++;
      await sleep(random.unit() * LONGEST_DELAY);
    }
    const result = await carryOut();
    if (!isLost) return result;
    this.counts.lost++;
    throw this.#failure(what, 'the answer was lost');
  }

  #failure(what: string, why: string): Error {
    return storeFailed(this.url, `${what}: ${why}`, { retryable: true, status: 503 });
  }
}
