import { MemoryObjectStore } from '../../../src/buffer/object-store/memory.js';
import type {
  DeleteFailure,
  GetOptions,
  ObjectInfo,
  ObjectStore,
  StoredObject,
  StoreOptions,
} from '../../../src/buffer/object-store/object-store.js';
import { storeFailed } from '../../../src/buffer/object-store/store-errors.js';

export type Verb = 'get' | 'getIfChanged' | 'putIfAbsent' | 'putIfMatch' | 'delete' | 'list';

export interface Operation {
  readonly verb: Verb;
  readonly key: string;
  readonly write: boolean;
}

type Hook = (operation: Operation) => void | Promise<void>;

/** A store in memory that a test makes wait or fail, before an operation is carried out or after. */
export class ScriptedStore implements ObjectStore {
  readonly url = 'memory:scripted';
  readonly writeIntervalMs = 0;
  readonly inner = new MemoryObjectStore();
  readonly operations: Operation[] = [];
  before: Hook = () => {};
  after: Hook = () => {};

  get(key: string, options?: GetOptions): Promise<StoredObject> {
    return this.#run('get', key, () => this.inner.get(key, options));
  }

  getIfChanged(key: string, version: string, options?: GetOptions): Promise<StoredObject | undefined> {
    return this.#run('getIfChanged', key, () => this.inner.getIfChanged(key, version, options));
  }

  putIfAbsent(key: string, body: Uint8Array, options?: StoreOptions): Promise<string> {
    return this.#run('putIfAbsent', key, () => this.inner.putIfAbsent(key, body, options));
  }

  putIfMatch(key: string, body: Uint8Array, version: string, options?: StoreOptions): Promise<string> {
    return this.#run('putIfMatch', key, () => this.inner.putIfMatch(key, body, version, options));
  }

  list(prefix: string, options?: StoreOptions): AsyncIterable<ObjectInfo> {
    return this.inner.list(prefix, options);
  }

  delete(keys: readonly string[], options?: StoreOptions): Promise<readonly DeleteFailure[]> {
    return this.#run('delete', keys.join(), () => this.inner.delete(keys, options));
  }

  async close(): Promise<void> {}

  /** How often a verb was asked of keys that end like this. */
  count(verb: Verb, suffix: string): number {
    return this.operations.filter((operation) => operation.verb === verb && operation.key.endsWith(suffix))
      .length;
  }

  async #run<T>(verb: Verb, key: string, carryOut: () => Promise<T>): Promise<T> {
    const operation = { verb, key, write: verb.startsWith('put') };
    this.operations.push(operation);
    await this.before(operation);
    const result = await carryOut();
    await this.after(operation);
    return result;
  }
}

/** A failure after which nobody knows what was done. */
export function unavailable(): Error {
  return storeFailed('memory:scripted', 'the connection was cut', { retryable: true });
}

/** A failure that trying again does not mend. */
export function forbidden(): Error {
  return storeFailed('memory:scripted', 'access denied', { retryable: false, status: 403 });
}

/** A hook that fails the first `times` operations that match. */
export function failing(
  times: number,
  matches: (operation: Operation) => boolean,
  error: () => Error = unavailable,
): Hook {
  let left = times;
  return (operation) => {
    if (left > 0 && matches(operation)) {
      left--;
      throw error();
    }
  };
}

/** Writes of the manifest. */
export function writesManifest({ write, key }: Operation): boolean {
  return write && key.endsWith('/manifest');
}

/** Writes of batch objects. */
export function writesBatch({ write, key }: Operation): boolean {
  return write && key.endsWith('.batch');
}
