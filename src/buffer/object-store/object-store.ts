/**
 * A place for objects: named byte strings that are written whole. Five verbs; everything that Waldo keeps in
 * object storage goes through them. All implementations pass one conformance suite
 * (test/buffer/object-store).
 *
 * Keys are relative paths of segments joined by `/`, such as `ingest/manifest`; {@link checkKey} tells which
 * are allowed. A write is atomic: readers see the old object or the new one, never a part.
 *
 * Errors are {@link WaldoError}s:
 * - `WALDO_PRECONDITION`: a conditional write was not applied, because the object was not as the condition
 * says.
 *   This is certain; an implementation whose requests are repeated under way finds out whether it was its own
 * first
 *   attempt that won before it says so.
 * - `WALDO_NOT_FOUND`: there is no such object.
 * - `WALDO_STORE`: the store could not be reached, or answered with an error; `retryable` tells whether
 * trying again
 *   may help. *A write that failed like that may have been applied, or may be applied later.*
 * - `WALDO_EXCEEDS_LIMIT`: the object is longer than `maxBytes`, or than the store takes.
 * - `WALDO_INVALID_ARGUMENT`: the key is not allowed.
 * - `WALDO_ABORTED`: the signal of the options fired; a write may have been applied.
 */
export interface ObjectStore {
  /** Where it is, for people: a URL without credentials. */
  readonly url: string;

  /**
   * Least time between two writes of one object, in milliseconds, that the store is made for; 0 if it has no
   * such limit. Writers of the manifest keep to it.
   */
  readonly writeIntervalMs: number;

  /** Reads an object, or a range of it. */
  get(key: string, options?: GetOptions): Promise<StoredObject>;

  /**
   * Reads an object unless its version still is `version`: then it resolves to `undefined`, at little cost.
   */
  getIfChanged(key: string, version: string, options?: GetOptions): Promise<StoredObject | undefined>;

  /**
   * Creates an object that is not there. The bytes of `body` must not change until it settles.
   * @returns the new object's version.
   */
  putIfAbsent(key: string, body: Uint8Array, options?: StoreOptions): Promise<string>;

  /**
   * Replaces an object that still has the version `version`.
   * @returns the new version. `WALDO_PRECONDITION` also if there is no such object any more.
   */
  putIfMatch(key: string, body: Uint8Array, version: string, options?: StoreOptions): Promise<string>;

  /**
   * The objects whose keys start with `prefix` (any string; '' for all), in no particular order, asked for a
   * page at a time as the caller goes on. Objects written or deleted meanwhile may be missing or not.
   */
  list(prefix: string, options?: StoreOptions): AsyncIterable<ObjectInfo>;

  /**
   * Deletes objects; one that is not there counts as deleted.
   * @returns those that could not be deleted, each with the reason; the others are gone.
   */
  delete(keys: readonly string[], options?: StoreOptions): Promise<readonly DeleteFailure[]>;

  /** Lets go of connections. Idempotent. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Gives the operation up. */
  readonly signal?: AbortSignal | undefined;
}

export interface GetOptions extends StoreOptions {
  /**
   * Bytes to read: from `start`, inclusive, to `end`, exclusive, or to the object's end if that comes first.
   */
  readonly range?: { readonly start: number; readonly end: number };
  /** Refuse objects (or ranges) of more bytes before they are read. Default: 5 GiB. */
  readonly maxBytes?: number;
}

export interface StoredObject {
  readonly body: Buffer;
  /**
   * Names this state of the object: opaque, unequal for any two states of one key that differ in their bytes.
   * (States of the same bytes have one version in S3, where it is made from them, and versions of their own
   * elsewhere.)
   */
  readonly version: string;
  /** Bytes of the whole object. */
  readonly size: number;
}

export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  /** When it was written, by the store's clock, in milliseconds since the epoch. */
  readonly modifiedAtMs: number;
}

export interface DeleteFailure {
  readonly key: string;
  readonly error: Error;
}

/** What an object may have at most where nothing else is said: what S3 takes in one request. */
export const MAX_OBJECT_BYTES = 5 * 1024 ** 3;
