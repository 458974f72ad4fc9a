import { fileURLToPath } from 'node:url';
import { describe, invalidArgument } from '../../errors.js';
import { LocalObjectStore } from './local.js';
import { MemoryObjectStore } from './memory.js';
import type { ObjectStore, StoreOptions } from './object-store.js';
import { probeConditionalWrites } from './probe.js';
import { parseStoreUrl } from './url.js';

/** Options of {@link openObjectStore}. */
export interface OpenStoreOptions extends StoreOptions {
  /**
   * Whether to try out, with four small writes and a delete, that the store refuses conditional writes as it should.
   * `false` for those who only read.
   * @default true
   */
  readonly probe?: boolean;
}

/** The named stores in memory of this process. */
const memories = new Map<string, MemoryObjectStore>();

/**
 * Opens the object store that a URL names:
 *
 * - `file:///path`: a directory of this machine; it need not exist
 * - `s3://bucket/prefix?region=…&endpoint=…&pathStyle=true|false`: needs the package `@aws-sdk/client-s3`
 * - `gs://bucket/prefix?endpoint=…`: needs `@google-cloud/storage`
 * - `az://container/prefix?account=…` or `?endpoint=…`: needs `@azure/storage-blob`, and `@azure/identity` unless
 *   there is an `AZURE_STORAGE_CONNECTION_STRING`
 * - `memory:NAME`: memory that all who name it in this process share; `memory:` alone is new each time
 *
 * Credentials come from where the packages look for them, never from the URL.
 * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT` for a URL that is none of these; `WALDO_MISSING_PACKAGE`;
 * `WALDO_UNSUPPORTED` if the store does not have conditional writes; `WALDO_STORE` if it cannot be reached.
 */
export async function openObjectStore(
  url: string | URL,
  options: OpenStoreOptions = {},
): Promise<ObjectStore> {
  const { probe = true } = options;
  if (typeof probe !== 'boolean')
    throw invalidArgument(`probe is true or false; received ${describe(probe)}`);
  const store = await connect(url);
  if (!probe || store instanceof MemoryObjectStore) return store;
  try {
    await probeConditionalWrites(store, { signal: options.signal });
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

async function connect(url: string | URL): Promise<ObjectStore> {
  const parsed = parseStoreUrl(url);
  switch (parsed.scheme) {
    case 'memory':
      return memoryNamed(parsed.path);
    case 'file':
      return new LocalObjectStore(fileURLToPath(parsed.href));
    case 's3':
      return (await import('./s3.js')).S3ObjectStore.open(parsed);
    case 'gs':
      return (await import('./gcs.js')).GoogleObjectStore.open(parsed);
    case 'az':
      return (await import('./azure.js')).AzureObjectStore.open(parsed);
  }
}

function memoryNamed(name: string): MemoryObjectStore {
  if (name === '') return new MemoryObjectStore();
  let store = memories.get(name);
  if (store === undefined) {
    store = new MemoryObjectStore(name);
    memories.set(name, store);
  }
  return store;
}
