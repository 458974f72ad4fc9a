import { optionError } from '../option-rules.js';
import { type Environment, realEnvironment } from './environment.js';
import { checkKey } from './object-store/key.js';
import type { ObjectStore } from './object-store/object-store.js';

/** What producers, consumers, uploaders and collectors of garbage of one buffer agree on. */
export interface BufferOptions {
  /** Where the buffer is. */
  readonly store: ObjectStore;
  /**
   * What the keys of batch objects start with: `{dataPathPrefix}/{ULID}.batch`.
   * @default 'ingest'
   */
  readonly dataPathPrefix?: string;
  /**
   * The manifest's key.
   * @default 'ingest/manifest'
   */
  readonly manifestPath?: string;
  /**
   * Time, randomness and names; a simulation has its own.
   * @internal
   */
  readonly environment?: Environment;
}

/** {@link BufferOptions} with their defaults. */
export type ResolvedBuffer = Required<BufferOptions>;

/** Puts the defaults in. */
export function resolveBuffer(options: BufferOptions): ResolvedBuffer {
  return {
    store: options.store,
    dataPathPrefix: options.dataPathPrefix ?? 'ingest',
    manifestPath: options.manifestPath ?? 'ingest/manifest',
    environment: options.environment ?? realEnvironment,
  };
}

/** Names of {@link BufferOptions}. */
export const BUFFER_OPTIONS = ['store', 'dataPathPrefix', 'manifestPath', 'environment'] as const;

/** Longest time that an option may ask for, in milliseconds: what a timer of Node.js takes. */
export const MAX_MILLISECONDS = 2 ** 31 - 1;

/** @throws {@link WaldoError} `WALDO_OPTION` */
export function checkBufferOptions(options: BufferOptions): void {
  const store: Partial<ObjectStore> | undefined = options?.store;
  if (typeof store?.putIfMatch !== 'function') {
    throw optionError('store', 'an ObjectStore, such as openObjectStore gives', store);
  }
  for (const name of ['dataPathPrefix', 'manifestPath'] as const) {
    const value = options[name];
    if (value === undefined) continue;
    try {
      checkKey(value);
    } catch {
      throw optionError(
        name,
        "a key: segments of letters, digits and !_.*'()=@+,~- with / between them",
        value,
      );
    }
  }
}

/** Milliseconds from `min` on; `Infinity` is allowed where it means something. */
export function checkMilliseconds(option: string, value: unknown, min: number, infinity = false): void {
  if (value === undefined || (infinity && value === Number.POSITIVE_INFINITY)) return;
  if (typeof value === 'number' && value >= min && value <= MAX_MILLISECONDS) return;
  const accepted = `a number from ${min} to ${MAX_MILLISECONDS} (milliseconds)`;
  throw optionError(option, infinity ? `${accepted} or Infinity` : accepted, value);
}
