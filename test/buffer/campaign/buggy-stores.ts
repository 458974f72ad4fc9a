// Bugs of the buffer, made by what stands between it and its store.
import { Manifest } from '../../../src/buffer/manifest.js';
import type {
  DeleteFailure,
  GetOptions,
  ObjectInfo,
  ObjectStore,
  StoredObject,
  StoreOptions,
} from '../../../src/buffer/object-store/object-store.js';
import { preconditionFailed } from '../../../src/buffer/object-store/store-errors.js';
import { WaldoError } from '../../../src/errors.js';
import { MANIFEST } from './history.js';

/** A store that passes everything on; bugs override a verb. */
class PassOn implements ObjectStore {
  readonly url: string;
  readonly writeIntervalMs: number;

  constructor(protected readonly inner: ObjectStore) {
    this.url = inner.url;
    this.writeIntervalMs = inner.writeIntervalMs;
  }

  get(key: string, options?: GetOptions): Promise<StoredObject> {
    return this.inner.get(key, options);
  }

  getIfChanged(key: string, version: string, options?: GetOptions): Promise<StoredObject | undefined> {
    return this.inner.getIfChanged(key, version, options);
  }

  putIfAbsent(key: string, body: Uint8Array, options?: StoreOptions): Promise<string> {
    return this.inner.putIfAbsent(key, body, options);
  }

  putIfMatch(key: string, body: Uint8Array, version: string, options?: StoreOptions): Promise<string> {
    return this.inner.putIfMatch(key, body, version, options);
  }

  list(prefix: string, options?: StoreOptions): AsyncIterable<ObjectInfo> {
    return this.inner.list(prefix, options);
  }

  delete(keys: readonly string[], options?: StoreOptions): Promise<readonly DeleteFailure[]> {
    return this.inner.delete(keys, options);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

/** Both ways of writing an object pass through {@link put}; `send` does what the caller asked for. */
abstract class PutThrough extends PassOn {
  override putIfAbsent(key: string, body: Uint8Array, options?: StoreOptions): Promise<string> {
    return this.put(key, body, (bytes) => super.putIfAbsent(key, bytes, options));
  }

  override putIfMatch(
    key: string,
    body: Uint8Array,
    version: string,
    options?: StoreOptions,
  ): Promise<string> {
    return this.put(key, body, (bytes) => super.putIfMatch(key, bytes, version, options));
  }

  protected abstract put(
    key: string,
    body: Uint8Array,
    send: (bytes: Uint8Array) => Promise<string>,
  ): Promise<string>;
}

export class LostIsConflict extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    try {
      return await send(body);
    } catch (error) {
      if (key !== MANIFEST || !hasCode(error, 'WALDO_STORE')) throw error;
      throw preconditionFailed(key, 'nobody answered');
    }
  }
}

export class LostIsSuccess extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    try {
      return await send(body);
    } catch (error) {
      if (key !== MANIFEST || !hasCode(error, 'WALDO_STORE')) throw error;
      return 'unknown';
    }
  }
}

export class ConflictIsSuccess extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    try {
      return await send(body);
    } catch (error) {
      if (key !== MANIFEST || !hasCode(error, 'WALDO_PRECONDITION')) throw error;
      return 'unknown';
    }
  }
}

export class UploadFailureIsSuccess extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    try {
      return await send(body);
    } catch (error) {
      if (!key.endsWith('.batch')) throw error;
      return 'unknown';
    }
  }
}

export class VersionsIgnored extends PassOn {
  override async putIfMatch(key: string, body: Uint8Array, _version: string, options?: StoreOptions) {
    const { version } = await this.inner.get(key, options);
    return super.putIfMatch(key, body, version, options);
  }
}

export class CreationOverwrites extends PassOn {
  override async putIfAbsent(key: string, body: Uint8Array, options?: StoreOptions) {
    try {
      return await super.putIfAbsent(key, body, options);
    } catch (error) {
      if (key !== MANIFEST || !hasCode(error, 'WALDO_PRECONDITION')) throw error;
      const { version } = await this.inner.get(key, options);
      return super.putIfMatch(key, body, version, options);
    }
  }
}

/** Shows a consumer the epoch that it wrote itself, whoever has followed it. */
export class EpochUnchecked extends PutThrough {
  #own: bigint | undefined;
  #actual = 0n;

  override async get(key: string, options?: GetOptions) {
    return this.#hide(key, await super.get(key, options));
  }

  override async getIfChanged(key: string, version: string, options?: GetOptions) {
    const object = await super.getIfChanged(key, version, options);
    return object && this.#hide(key, object);
  }

  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    if (key !== MANIFEST) return send(body);
    const manifest = Manifest.parse(Buffer.from(body), key);
    const isOpening = this.#own === undefined;
    const version = await send(isOpening ? body : manifest.withEpoch(this.#actual).bytes);
    if (isOpening) {
      this.#own = manifest.epoch;
      this.#actual = manifest.epoch;
    }
    return version;
  }

  #hide(key: string, object: StoredObject): StoredObject {
    if (key !== MANIFEST) return object;
    const manifest = Manifest.parse(object.body, key);
    this.#actual = manifest.epoch;
    return this.#own === undefined ? object : { ...object, body: manifest.withEpoch(this.#own).bytes };
  }
}

export class NoReceipts extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    return key === `${MANIFEST}.dequeued` ? 'unknown' : send(body);
  }
}

export class DequeuesOneTooMany extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    if (key !== MANIFEST) return send(body);
    const manifest = Manifest.parse(Buffer.from(body), key);
    const first = manifest.firstSequence();
    return send(first === undefined ? body : manifest.removeThrough(first).manifest.bytes);
  }
}

export class SequencesRepeat extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    if (key !== MANIFEST) return send(body);
    const manifest = Manifest.parse(Buffer.from(body), key);
    const entries = [...manifest.entries()].map((entry, index) => ({ ...entry, sequence: index }));
    return send(Manifest.fromEntries(entries, entries.length, manifest.epoch).bytes);
  }
}

/** What is entered with one write is entered the other way round. */
export class OrderReversed extends PutThrough {
  #known = 0;

  override async get(key: string, options?: GetOptions) {
    const object = await super.get(key, options);
    if (key === MANIFEST) this.#known = Manifest.parse(object.body, key).nextSequence;
    return object;
  }

  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    if (key !== MANIFEST) return send(body);
    const manifest = Manifest.parse(Buffer.from(body), key);
    const entries = [...manifest.entries()];
    const fresh = entries.filter(({ sequence }) => sequence >= this.#known);
    const reversed = fresh.map((entry, index) => ({ ...fresh.at(-1 - index)!, sequence: entry.sequence }));
    this.#known = manifest.nextSequence;
    const all = [...entries.slice(0, entries.length - fresh.length), ...reversed];
    return send(Manifest.fromEntries(all, manifest.nextSequence, manifest.epoch).bytes);
  }
}

/** What is entered with a write is the calls without the first record of each but the first. */
export class StartsShifted extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    if (key !== MANIFEST) return send(body);
    const manifest = Manifest.parse(Buffer.from(body), key);
    const entries = [...manifest.entries()].map((entry) => ({
      ...entry,
      metadata: entry.metadata.map((item) => ({ ...item, startIndex: Math.min(item.startIndex, 1) })),
    }));
    return send(Manifest.fromEntries(entries, manifest.nextSequence, manifest.epoch).bytes);
  }
}

/** Gives one batch for another. */
export class BatchesMixedUp extends PassOn {
  #first: StoredObject | undefined;

  override async get(key: string, options?: GetOptions) {
    const object = await super.get(key, options);
    if (!key.endsWith('.batch')) return object;
    this.#first ??= object;
    return this.#first;
  }
}

export class DeletesNothing extends PassOn {
  override async delete(): Promise<readonly DeleteFailure[]> {
    return [];
  }
}

/** Looks at the manifest once, and believes what it saw from then on. */
export class StaleManifest extends PassOn {
  constructor(
    inner: ObjectStore,
    readonly seen: { manifest?: StoredObject },
  ) {
    super(inner);
  }

  override async get(key: string, options?: GetOptions) {
    if (key !== MANIFEST) return super.get(key, options);
    this.seen.manifest ??= await super.get(key, options);
    return this.seen.manifest;
  }

  override async getIfChanged(key: string, version: string, options?: GetOptions) {
    return key === MANIFEST ? undefined : super.getIfChanged(key, version, options);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof WaldoError && error.code === code;
}
