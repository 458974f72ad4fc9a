import { checkGet, checkPut, sliceOf, throwIfAborted } from './arguments.js';
import { checkKey } from './key.js';
import type {
  DeleteFailure,
  GetOptions,
  ObjectInfo,
  ObjectStore,
  StoredObject,
  StoreOptions,
} from './object-store.js';
import { notFound, preconditionFailed } from './store-errors.js';

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
    const read = checkGet(key, options);
    throwIfAborted(options, this.#name(key));
    const entry = this.#objects.get(key);
    if (entry === undefined) throw notFound(this.#name(key));
    const size = entry.body.length;
    const { start, end } = sliceOf(read, size, this.#name(key));
    return { body: Buffer.from(entry.body.subarray(start, end)), version: entry.version, size };
  }

  async getIfChanged(
    key: string,
    version: string,
    options: GetOptions = {},
  ): Promise<StoredObject | undefined> {
    checkGet(key, options);
    throwIfAborted(options, this.#name(key));
    return this.#objects.get(key)?.version === version ? undefined : this.get(key, options);
  }

  async putIfAbsent(key: string, body: Uint8Array, options: StoreOptions = {}): Promise<string> {
    checkPut(key, body, this.#name(key));
    throwIfAborted(options, this.#name(key));
    if (this.#objects.has(key)) throw preconditionFailed(this.#name(key), 'it exists already');
    return this.#put(key, body);
  }

  async putIfMatch(
    key: string,
    body: Uint8Array,
    version: string,
    options: StoreOptions = {},
  ): Promise<string> {
    checkPut(key, body, this.#name(key));
    throwIfAborted(options, this.#name(key));
    if (this.#objects.get(key)?.version !== version) {
      throw preconditionFailed(this.#name(key), `it does not have the version ${version} any more`);
    }
    return this.#put(key, body);
  }

  async *list(prefix: string, options: StoreOptions = {}): AsyncIterable<ObjectInfo> {
    for (const [key, { body, modifiedAtMs }] of [...this.#objects]) {
      throwIfAborted(options, this.url);
      if (key.startsWith(prefix)) yield { key, size: body.length, modifiedAtMs };
    }
  }

  async delete(keys: readonly string[], options: StoreOptions = {}): Promise<readonly DeleteFailure[]> {
    keys.forEach(checkKey);
    throwIfAborted(options, this.url);
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
