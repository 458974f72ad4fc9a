import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type * as Sdk from '@google-cloud/storage';
import { crc32c } from '../../binding.js';
import { hasCode, type WaldoError } from '../../errors.js';
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
import { notFound, preconditionFailed, storeFailed, tooLong } from './store-errors.js';
import type { BucketUrl } from './url.js';
import { within } from './within.js';

const CHUNK_BYTES = 1024 ** 2;
const PAGE = 1000;

/** A bucket of Google Cloud Storage. A version is the object's generation. */
export class GoogleObjectStore implements ObjectStore {
  readonly url: string;
  /** Google refuses more than one write a second of one object, if it goes on. */
  readonly writeIntervalMs: number;
  readonly #bucket: Sdk.Bucket;
  readonly #prefix: string;

  private constructor(bucket: Sdk.Bucket, url: BucketUrl) {
    this.#bucket = bucket;
    this.#prefix = url.prefix;
    this.url = urlOf(url);
    this.writeIntervalMs = 1000;
  }

  static async open(url: BucketUrl): Promise<GoogleObjectStore> {
    const sdk = await loadPackage('@google-cloud/storage', 'gs:', () => import('@google-cloud/storage'));
    const endpoint = url.parameters.get('endpoint');
    const storage = new sdk.Storage({
      ...(endpoint === undefined ? {} : { apiEndpoint: endpoint, projectId: 'none' }),
      // Attempts are counted here: whoever repeats a conditional write has to know that it was repeated.
      retryOptions: { autoRetry: false, maxRetries: 0 },
    });
    return new GoogleObjectStore(storage.bucket(url.bucket), url);
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject> {
    const name = this.#name(key);
    const read = checkGet(key, options);
    throwIfAborted(options, name);
    return this.#retrying(name, options, () =>
      within(options, async (signal) => {
        const { range } = read;
        if (range !== undefined && range.start === range.end) return this.#readNothing(key);
        try {
          return await this.#download(key, read, signal);
        } catch (error) {
          // The range starts behind the object's end.
          if (refusalOf(error).status !== 416) throw error;
          return this.#readNothing(key);
        }
      }),
    );
  }

  async getIfChanged(
    key: string,
    version: string,
    options: GetOptions = {},
  ): Promise<StoredObject | undefined> {
    const name = this.#name(key);
    checkGet(key, options);
    throwIfAborted(options, name);
    // Downloads of this SDK take no condition.
    const now = await this.#retrying(name, options, () => within(options, () => this.#readNothing(key)));
    return now.version === version ? undefined : this.get(key, options);
  }

  putIfAbsent(key: string, body: Uint8Array, options: StoreOptions = {}): Promise<string> {
    return this.#put(key, body, '0', 'it exists already', options);
  }

  async putIfMatch(
    key: string,
    body: Uint8Array,
    version: string,
    options: StoreOptions = {},
  ): Promise<string> {
    const why = `it does not have the version ${version} any more`;
    // Generation 0 would mean that there is no object.
    if (!/^[1-9]\d*$/.test(version)) {
      checkPut(key, body, this.#name(key));
      throwIfAborted(options, this.#name(key));
      throw preconditionFailed(this.#name(key), why);
    }
    return this.#put(key, body, version, why, options);
  }

  async *list(prefix: string, options: StoreOptions = {}): AsyncIterable<ObjectInfo> {
    throwIfAborted(options, this.url);
    let pageToken: string | undefined;
    do {
      const query = { prefix: this.#prefix + prefix, autoPaginate: false, maxResults: PAGE, pageToken };
      const [files, next] = await this.#retrying(this.url, options, () =>
        within(options, () => this.#bucket.getFiles(query)),
      );
      for (const { name, metadata } of files) {
        const key = name.slice(this.#prefix.length);
        // Others may have put there what no key of ours names.
        if (name.startsWith(this.#prefix) && isKey(key))
          yield { key, size: Number(metadata.size), modifiedAtMs: Date.parse(metadata.updated ?? '') || 0 };
      }
      pageToken = (next as { pageToken?: string } | null)?.pageToken;
    } while (pageToken !== undefined);
  }

  async delete(keys: readonly string[], options: StoreOptions = {}): Promise<readonly DeleteFailure[]> {
    for (const key of keys) checkKey(key);
    throwIfAborted(options, this.url);
    return deleteEach(keys, async (key) => {
      await this.#retrying(this.#name(key), options, () =>
        within(options, () => this.#file(key).delete({ ignoreNotFound: true })),
      );
    });
  }

  async close(): Promise<void> {}

  async #download(key: string, { range, maxBytes }: Read, signal: AbortSignal): Promise<StoredObject> {
    const name = this.#name(key);
    const stream = this.#file(key).createReadStream({
      ...(range === undefined ? {} : { start: range.start, end: range.end - 1 }),
      validation: false, // it is checked below, in native code
      decompress: false,
    });
    const end = () => stream.destroy(signal.reason as Error);
    signal.addEventListener('abort', end, { once: true });
    try {
      // The request goes out with the first read; its answer's headers come before any byte.
      let headers: Record<string, string> = {};
      let expected = Number.NaN;
      stream.once('response', (response: { headers: Record<string, string> }) => {
        headers = response.headers;
        expected = Number(headers['content-length']);
        if (expected > maxBytes) stream.destroy(tooLong(name, expected, maxBytes));
      });
      const body = await readBody(stream, { expected: () => expected, maxBytes, name });
      const version = headers['x-goog-generation'];
      if (version === undefined)
        throw storeFailed(name, 'the answer lacks the generation', { retryable: false });
      if (range === undefined) checkSum(name, body, headers['x-goog-hash']);
      return { body, version, size: sizeFromRange(headers['content-range']) ?? body.length };
    } finally {
      signal.removeEventListener('abort', end);
      stream.destroy();
    }
  }

  /** An object's version and size, and no byte of it. */
  async #readNothing(key: string): Promise<StoredObject> {
    const [{ generation, size }] = await this.#file(key).getMetadata();
    return { body: Buffer.alloc(0), version: String(generation), size: Number(size) };
  }

  #put(
    key: string,
    body: Uint8Array,
    generation: string,
    why: string,
    options: StoreOptions,
  ): Promise<string> {
    const name = this.#name(key);
    const write = (writeId: string) =>
      within(options, async (signal) => {
        const file = this.#file(key);
        const sink = file.createWriteStream({
          resumable: false,
          validation: false, // the service checks it by the checksum given
          preconditionOpts: { ifGenerationMatch: generation },
          metadata: {
            contentType: 'application/octet-stream',
            crc32c: checksumOf(body),
            metadata: { [WRITE_ID]: writeId },
          },
        });
        await pipeline(Readable.from(chunksOf(body), { objectMode: false }), sink, { signal });
        return String(file.metadata.generation);
      });
    return (async () => {
      checkPut(key, body, name);
      throwIfAborted(options, name);
      return writeConditionally({
        name,
        why,
        options,
        retries: true,
        write,
        understand: (error) => this.#understandPut(name, error, options),
        find: () => this.#find(key, options),
      });
    })();
  }

  #understandPut(name: string, error: unknown, options: StoreOptions): Attempted {
    const { status } = refusalOf(error);
    const failure = this.#failure(name, error, options);
    const aborted = failure.code === 'WALDO_ABORTED';
    // 429: too many writes of this object in a second; this one was not carried out.
    const kind = aborted ? 'failed' : status === 412 ? 'refused' : status === 429 ? 'collided' : 'failed';
    return { kind, repeated: false, error: failure };
  }

  async #find(key: string, options: StoreOptions) {
    const name = this.#name(key);
    try {
      const [{ metadata, generation }] = await this.#retrying(name, options, () =>
        within(options, () => this.#file(key).getMetadata()),
      );
      const writeId = metadata?.[WRITE_ID];
      return { writeId: writeId === undefined ? undefined : String(writeId), version: String(generation) };
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
    return refusal.status === 404 && refusal.code !== NO_BUCKET
      ? notFound(name)
      : remoteFailure(name, refusal, error, options);
  }

  #file(key: string): Sdk.File {
    return this.#bucket.file(this.#prefix + key);
  }

  #name(key: string): string {
    return `${this.url}/${key}`;
  }
}

const NO_BUCKET = 'NoSuchBucket';

function refusalOf(error: unknown): Refusal {
  const { name = '', message = '', code } = (error ?? {}) as Partial<Error> & { code?: unknown };
  const reason = (error as { errors?: { reason?: string }[] } | undefined)?.errors?.[0]?.reason;
  const status = /^[1-5]\d\d$/.test(String(code)) ? Number(code) : undefined;
  if (status === 404 && /bucket does not exist/i.test(message)) return { status, code: NO_BUCKET, message };
  if (status === undefined && /default credentials/i.test(message))
    return { status, code: 'NoCredentials', message };
  return { status, code: reason ?? (status === undefined ? String(code ?? name) : ''), message };
}

function* chunksOf(body: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < body.length; at += CHUNK_BYTES) yield body.subarray(at, at + CHUNK_BYTES);
}

/** As the service writes it: big-endian, base64. */
function checksumOf(body: Uint8Array): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32c(body));
  return bytes.toString('base64');
}

/** @param header `crc32c=…,md5=…`; not all emulators send it. */
function checkSum(name: string, body: Buffer, header: string | undefined): void {
  const expected = /crc32c=([^,\s]+)/.exec(header ?? '')?.[1];
  if (expected === undefined || expected === checksumOf(body)) return;
  throw storeFailed(name, 'the bytes received do not have the checksum of the object', { retryable: true });
}
