import { checkKey } from './key.js';
import {
  type DeleteFailure,
  type GetOptions,
  MAX_OBJECT_BYTES,
  type ObjectInfo,
  type ObjectStore,
  type StoredObject,
  type StoreOptions,
} from './object-store.js';
import { notFound, preconditionFailed, tooLong } from './store-errors.js';

interface Entry {
  readonly body: Buffer;
  readonly version: string;
  readonly modifiedAtMs: number;
}

/** Objects in the memory of this process: for tests and for trying things out. */
export class MemoryObjectStore implements ObjectStore {
  readonly url: string;
  readonly writeIntervalMs = 0;
  readonly #objects = new Map<string, Entry>();
  #versions = 0;

  /** @param name tells one store of the process from another in messages. */
  constructor(name = '') {
    this.url = `memory:${name}`;
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject> {
    options.signal?.throwIfAborted();
    checkKey(key);
    const entry = this.#objects.get(key);
    if (entry === undefined) throw notFound(this.#name(key));
    const { start, end } = options.range ?? { start: 0, end: entry.body.length };
    const body = entry.body.subarray(start, end);
    const maxBytes = options.maxBytes ?? MAX_OBJECT_BYTES;
    if (body.length > maxBytes) throw tooLong(this.#name(key), body.length, maxBytes);
    return { body: Buffer.from(body), version: entry.version, size: entry.body.length };
  }

  async getIfChanged(
    key: string,
    version: string,
    options: GetOptions = {},
  ): Promise<StoredObject | undefined> {
    return this.#objects.get(key)?.version === version ? undefined : this.get(key, options);
  }

  async putIfAbsent(key: string, body: Uint8Array, options: StoreOptions = {}): Promise<string> {
    options.signal?.throwIfAborted();
    checkKey(key);
    if (this.#objects.has(key)) throw preconditionFailed(this.#name(key), 'it exists already');
    return this.#put(key, body);
  }

  async putIfMatch(
    key: string,
    body: Uint8Array,
    version: string,
    options: StoreOptions = {},
  ): Promise<string> {
    options.signal?.throwIfAborted();
    checkKey(key);
    if (this.#objects.get(key)?.version !== version) {
      throw preconditionFailed(this.#name(key), `it does not have the version ${version} any more`);
    }
    return this.#put(key, body);
  }

  async *list(prefix: string, options: StoreOptions = {}): AsyncIterable<ObjectInfo> {
    for (const [key, { body, modifiedAtMs }] of [...this.#objects]) {
      options.signal?.throwIfAborted();
      if (key.startsWith(prefix)) yield { key, size: body.length, modifiedAtMs };
    }
  }

  async delete(keys: readonly string[], options: StoreOptions = {}): Promise<readonly DeleteFailure[]> {
    options.signal?.throwIfAborted();
    keys.forEach(checkKey);
    for (const key of keys) this.#objects.delete(key);
    return [];
  }

  async close(): Promise<void> {}

  #put(key: string, body: Uint8Array): string {
    const version = String(++this.#versions);
    this.#objects.set(key, { body: Buffer.from(body), version, modifiedAtMs: Date.now() });
    return version;
  }

  #name(key: string): string {
    return `${this.url}/${key}`;
  }
}
