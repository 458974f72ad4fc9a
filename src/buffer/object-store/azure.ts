import type * as Sdk from '@azure/storage-blob';
import { hasCode, invalidArgument, type WaldoError } from '../../errors.js';
import { checkGet, checkPut, type Read, throwIfAborted } from './arguments.js';
import { type Attempted, retryRead, writeConditionally } from './conditional-write.js';
import { checkKey, isKey } from './key.js';
import type {
  DeleteFailure,
  GetOptions,
  ObjectInfo,
  ObjectStore,
  StoredObject,
  StoreOptions,
} from './object-store.js';
import {
  deleteEach,
  loadPackage,
  type Refusal,
  readBody,
  remoteFailure,
  sizeFromRange,
  urlOf,
  WRITE_ID,
} from './remote.js';
import { notFound, storeFailed } from './store-errors.js';
import type { BucketUrl } from './url.js';
import { within } from './within.js';

/** Longer objects go in blocks of that many bytes, some at a time. */
const BLOCK_BYTES = 16 * 1024 ** 2;
const BLOCKS_AT_ONCE = 4;

/** A container of Azure Blob Storage. A version is the ETag. */
export class AzureObjectStore implements ObjectStore {
  readonly url: string;
  readonly writeIntervalMs = 0;
  readonly #container: Sdk.ContainerClient;
  readonly #prefix: string;

  private constructor(container: Sdk.ContainerClient, url: BucketUrl) {
    this.#container = container;
    this.#prefix = url.prefix;
    this.url = urlOf(url);
  }

  static async open(url: BucketUrl): Promise<AzureObjectStore> {
    const sdk = await loadPackage('@azure/storage-blob', 'az:', () => import('@azure/storage-blob'));
    const service = await connect(sdk, url);
    return new AzureObjectStore(service.getContainerClient(url.bucket), url);
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject> {
    return (await this.#read(key, options, undefined))!;
  }

  getIfChanged(key: string, version: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    return this.#read(key, options, version);
  }

  putIfAbsent(key: string, body: Uint8Array, options: StoreOptions = {}): Promise<string> {
    return this.#put(key, body, { ifNoneMatch: '*' }, 'it exists already', options);
  }

  putIfMatch(key: string, body: Uint8Array, version: string, options: StoreOptions = {}): Promise<string> {
    const why = `it does not have the version ${version} any more`;
    return this.#put(key, body, { ifMatch: version }, why, options);
  }

  async *list(prefix: string, options: StoreOptions = {}): AsyncIterable<ObjectInfo> {
    throwIfAborted(options, this.url);
    let continuationToken: string | undefined;
    do {
      const page = await this.#retrying(this.url, options, () =>
        within(options, async (abortSignal) => {
          const blobs = this.#container.listBlobsFlat({ prefix: this.#prefix + prefix, abortSignal });
          return (await blobs.byPage({ continuationToken }).next()).value as
            | Sdk.ContainerListBlobFlatSegmentResponse
            | undefined;
        }),
      );
      for (const { name, properties } of page?.segment.blobItems ?? []) {
        const key = name.slice(this.#prefix.length);
        // Others may have put there what no key of ours names.
        if (!name.startsWith(this.#prefix) || !isKey(key)) continue;
        yield {
          key,
          size: properties.contentLength ?? 0,
          modifiedAtMs: properties.lastModified.getTime(),
        };
      }
      continuationToken = page?.continuationToken || undefined;
    } while (continuationToken !== undefined);
  }

  async delete(keys: readonly string[], options: StoreOptions = {}): Promise<readonly DeleteFailure[]> {
    for (const key of keys) checkKey(key);
    throwIfAborted(options, this.url);
    return deleteEach(keys, async (key) => {
      try {
        await this.#retrying(this.#name(key), options, () =>
          within(options, (abortSignal) => this.#blob(key).delete({ abortSignal })),
        );
      } catch (error) {
        if (!hasCode(error, 'WALDO_NOT_FOUND')) throw error;
      }
    });
  }

  async close(): Promise<void> {}

  async #read(
    key: string,
    options: GetOptions,
    unless: string | undefined,
  ): Promise<StoredObject | undefined> {
    const name = this.#name(key);
    const read = checkGet(key, options);
    throwIfAborted(options, name);
    return this.#retrying(name, options, () =>
      within(options, async (signal) => {
        try {
          return await this.#download(key, read, unless, signal);
        } catch (error) {
          const { status } = refusalOf(error);
          if (status === 304) return undefined;
          // The range starts behind the object's end.
          if (status === 416) return await this.#readNothing(key, signal);
          throw error;
        }
      }),
    );
  }

  async #download(
    key: string,
    { range, maxBytes }: Read,
    unless: string | undefined,
    abortSignal: AbortSignal,
  ): Promise<StoredObject> {
    const name = this.#name(key);
    const conditions = unless === undefined ? {} : { ifNoneMatch: unless };
    if (range !== undefined && range.start === range.end)
      return this.#readNothing(key, abortSignal, conditions);
    const { readableStreamBody, etag, contentLength, contentRange } = await this.#blob(key).download(
      range?.start ?? 0,
      range === undefined ? undefined : range.end - range.start,
      // A part that is fetched again by itself could be of another object.
      { abortSignal, conditions, maxRetryRequests: 0 },
    );
    const stream = readableStreamBody as (AsyncIterable<Buffer> & { destroy(): void }) | undefined;
    try {
      if (etag === undefined || contentLength === undefined || stream === undefined) throw incomplete(name);
      const body = await readBody(stream, { expected: () => contentLength, maxBytes, name });
      return { body, version: etag, size: sizeFromRange(contentRange) ?? contentLength };
    } finally {
      stream?.destroy();
    }
  }

  /** An object's version and size, and no byte of it. */
  async #readNothing(
    key: string,
    abortSignal: AbortSignal,
    conditions: Sdk.BlobRequestConditions = {},
  ): Promise<StoredObject> {
    const { etag, contentLength } = await this.#blob(key).getProperties({ abortSignal, conditions });
    if (etag === undefined || contentLength === undefined) throw incomplete(this.#name(key));
    return { body: Buffer.alloc(0), version: etag, size: contentLength };
  }

  async #put(
    key: string,
    body: Uint8Array,
    conditions: Sdk.BlobRequestConditions,
    why: string,
    options: StoreOptions,
  ): Promise<string> {
    const name = this.#name(key);
    checkPut(key, body, name);
    throwIfAborted(options, name);
    return writeConditionally({
      name,
      why,
      options,
      retries: true,
      write: (writeId) =>
        within(options, async (abortSignal) => {
          const { etag } = await this.#blob(key).uploadData(body, {
            abortSignal,
            conditions,
            metadata: { [WRITE_ID]: writeId },
            maxSingleShotSize: BLOCK_BYTES,
            blockSize: Math.max(BLOCK_BYTES, Math.ceil(body.length / 50_000)),
            concurrency: BLOCKS_AT_ONCE,
          });
          if (etag === undefined) throw incomplete(name);
          return etag;
        }),
      understand: (error) => this.#understandPut(name, error, options),
      find: () => this.#find(key, options),
    });
  }

  #understandPut(name: string, error: unknown, options: StoreOptions): Attempted {
    const { status, code } = refusalOf(error);
    const failure = this.#failure(name, error, options);
    const aborted = failure.code === 'WALDO_ABORTED';
    const refused = status === 412 || code === 'BlobAlreadyExists' || code === 'BlobNotFound';
    const kind = aborted ? 'failed' : refused ? 'refused' : status === 429 ? 'collided' : 'failed';
    return { kind, repeated: false, error: failure };
  }

  async #find(key: string, options: StoreOptions) {
    try {
      const { metadata, etag } = await this.#retrying(this.#name(key), options, () =>
        within(options, (abortSignal) => this.#blob(key).getProperties({ abortSignal })),
      );
      return etag === undefined ? undefined : { writeId: metadata?.[WRITE_ID], version: etag };
    } catch (error) {
      if (hasCode(error, 'WALDO_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  #retrying<T>(name: string, options: StoreOptions, request: () => Promise<T>): Promise<T> {
    return retryRead(name, options, request, (error) => this.#failure(name, error, options));
  }

  #failure(name: string, error: unknown, options: StoreOptions): WaldoError {
    const refusal = refusalOf(error);
    return refusal.status === 404 && refusal.code !== 'ContainerNotFound'
      ? notFound(name)
      : remoteFailure(name, refusal, error, options);
  }

  #blob(key: string): Sdk.BlockBlobClient {
    return this.#container.getBlockBlobClient(this.#prefix + key);
  }

  #name(key: string): string {
    return `${this.url}/${key}`;
  }
}

const CONNECTION_STRING = 'AZURE_STORAGE_CONNECTION_STRING';

async function connect(sdk: typeof Sdk, url: BucketUrl): Promise<Sdk.BlobServiceClient> {
  // Attempts are counted here: whoever repeats a conditional write has to know that it was repeated.
  const options = { retryOptions: { maxTries: 1 } };
  const account = url.parameters.get('account');
  const endpoint = url.parameters.get('endpoint');
  const connection = process.env[CONNECTION_STRING];
  if (connection !== undefined && connection !== '') {
    return sdk.BlobServiceClient.fromConnectionString(connectionTo(connection, account, endpoint), options);
  }
  if (account === undefined && endpoint === undefined) {
    throw invalidArgument(
      `an az: URL names the account, az://container?account=NAME, unless ${CONNECTION_STRING} is set`,
    );
  }
  if (account !== undefined && !/^[a-z0-9]{3,24}$/.test(account))
    throw invalidArgument(
      `the parameter account of an az: URL is 3 to 24 small letters and digits; received '${account}'`,
    );
  const identity = await loadPackage(
    IDENTITY,
    `az: without ${CONNECTION_STRING}`,
    () => import(IDENTITY) as Promise<{ DefaultAzureCredential: new () => Sdk.StorageSharedKeyCredential }>,
  );
  const service = endpoint ?? `https://${account}.blob.core.windows.net`;
  return new sdk.BlobServiceClient(service, new identity.DefaultAzureCredential(), options);
}

/** Nothing needs its types, so it is not even a dependency for development. */
const IDENTITY: string = '@azure/identity';

/** The connection string with the endpoint of the URL, if that has one. Messages show nothing of it. */
function connectionTo(connection: string, account: string | undefined, endpoint: string | undefined): string {
  const parts = connection.split(';').filter((part) => part !== '');
  const named = parts.find((part) => part.startsWith('AccountName='))?.slice('AccountName='.length);
  if (account !== undefined && named !== undefined && account !== named)
    throw invalidArgument(`the URL's account is '${account}'; ${CONNECTION_STRING} is for another one`);
  if (endpoint === undefined) return connection;
  return [...parts.filter((part) => !part.startsWith('BlobEndpoint=')), `BlobEndpoint=${endpoint}`].join(';');
}

function refusalOf(error: unknown): Refusal {
  const { name = '', message = '', code, statusCode } = (error ?? {}) as Partial<Sdk.RestError>;
  return { status: statusCode, code: code ?? name, message: message.split('\n', 1)[0] ?? '' };
}

function incomplete(name: string): WaldoError {
  return storeFailed(name, 'the answer lacks the ETag or the length', { retryable: false });
}
