import type * as Sdk from '@aws-sdk/client-s3';
import { hasCode, invalidArgument, WaldoError } from '../../errors.js';
import { checkGet, checkPut, throwIfAborted } from './arguments.js';
import { type Attempted, writeConditionally } from './conditional-write.js';
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
import { type Multipart, uploadParts } from './s3-multipart.js';
import { notFound, storeFailed } from './store-errors.js';
import type { BucketUrl } from './url.js';

/** Keys that one request deletes. */
const DELETED_AT_ONCE = 1000;
/**
 * A connection that nothing comes over is given up, in milliseconds: else an outage would be waited for for
 * ever.
 */
const CONNECT_TIMEOUT = 5_000;
const IDLE_TIMEOUT = 30_000;

/** Objects that long take more than a moment to send: a part that fails is sent again, not all of it. */
const MULTIPART: Multipart = { threshold: 64 * 1024 ** 2, partBytes: 16 * 1024 ** 2 };

/** What a conditional write asks for. */
type Condition = { readonly IfNoneMatch: '*' } | { readonly IfMatch: string };

/**
 * A bucket of Amazon S3, or of what speaks its protocol and has conditional writes: Cloudflare R2, MinIO, … A
 * version is the ETag: unequal for states that differ, and in some services equal for those that do not.
 */
export class S3ObjectStore implements ObjectStore {
  readonly url: string;
  readonly writeIntervalMs = 0;
  readonly #sdk: typeof Sdk;
  readonly #client: Sdk.S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #multipart: Multipart;
  /** Whether the service takes many keys a request. */
  #deletesMany = true;

  private constructor(sdk: typeof Sdk, client: Sdk.S3Client, url: BucketUrl, multipart: Multipart) {
    this.#sdk = sdk;
    this.#client = client;
    this.#bucket = url.bucket;
    this.#prefix = url.prefix;
    this.#multipart = multipart;
    this.url = urlOf(url);
  }

  static async open(url: BucketUrl, multipart = MULTIPART): Promise<S3ObjectStore> {
    const sdk = await loadPackage('@aws-sdk/client-s3', 's3:', () => import('@aws-sdk/client-s3'));
    const endpoint = url.parameters.get('endpoint');
    const region = url.parameters.get('region');
    const client = new sdk.S3Client({
      ...(region === undefined ? {} : { region }),
      requestHandler: { connectionTimeout: CONNECT_TIMEOUT, socketTimeout: IDLE_TIMEOUT },
      ...(endpoint === undefined ? {} : { endpoint, ...COMPATIBLE, region: region ?? 'us-east-1' }),
      forcePathStyle: pathStyle(url.parameters.get('pathStyle')) ?? endpoint !== undefined,
    });
    return new S3ObjectStore(sdk, client, url, multipart);
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject> {
    return (await this.#read(key, options, {}))!;
  }

  getIfChanged(key: string, version: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    return this.#read(key, options, { IfNoneMatch: version });
  }

  putIfAbsent(key: string, body: Uint8Array, options: StoreOptions = {}): Promise<string> {
    return this.#put(key, body, { IfNoneMatch: '*' }, 'it exists already', options);
  }

  putIfMatch(key: string, body: Uint8Array, version: string, options: StoreOptions = {}): Promise<string> {
    const why = `it does not have the version ${version} any more`;
    return this.#put(key, body, { IfMatch: version }, why, options);
  }

  async *list(prefix: string, options: StoreOptions = {}): AsyncIterable<ObjectInfo> {
    throwIfAborted(options, this.url);
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#send(
        this.url,
        options,
        new this.#sdk.ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: this.#prefix + prefix,
          ContinuationToken,
        }),
      );
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
        const key = Key.slice(this.#prefix.length);
        // Others may have put there what no key of ours names.
        if (Key.startsWith(this.#prefix) && isKey(key))
          yield { key, size: Size, modifiedAtMs: LastModified?.getTime() ?? 0 };
      }
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  async delete(keys: readonly string[], options: StoreOptions = {}): Promise<readonly DeleteFailure[]> {
    for (const key of keys) checkKey(key);
    throwIfAborted(options, this.url);
    const failures: DeleteFailure[] = [];
    for (let i = 0; i < keys.length; i += DELETED_AT_ONCE)
      failures.push(...(await this.#deleteSome(keys.slice(i, i + DELETED_AT_ONCE), options)));
    return failures;
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  async #read(
    key: string,
    options: GetOptions,
    condition: { readonly IfNoneMatch?: string },
  ): Promise<StoredObject | undefined> {
    const name = this.#name(key);
    const { range, maxBytes } = checkGet(key, options);
    throwIfAborted(options, name);
    const object = { Bucket: this.#bucket, Key: this.#prefix + key, ...condition };
    try {
      if (range?.start === range?.end && range !== undefined) return await this.#readNothing(object, options);
      const Range = range && `bytes=${range.start}-${range.end - 1}`;
      const { Body, ContentLength, ContentRange, ETag } = await this.#request(
        new this.#sdk.GetObjectCommand({ ...object, Range }),
        options,
      );
      const chunks = Body as unknown as AsyncIterable<Uint8Array> & { destroy(): void };
      try {
        if (ETag === undefined || ContentLength === undefined) throw incomplete(name);
        const body = await readBody(chunks, { expected: () => ContentLength, maxBytes, name });
        return { body, version: ETag, size: sizeFromRange(ContentRange) ?? ContentLength };
      } finally {
        chunks.destroy();
      }
    } catch (error) {
      const { status } = refusalOf(error);
      if (status === 304) return undefined;
      // The range starts behind the object's end.
      if (status === 416) return this.#attempt(name, options, () => this.#readNothing(object, options));
      throw this.#failure(name, error, options);
    }
  }

  /** An object's version and size, and no byte of it. */
  async #readNothing(
    object: { readonly Bucket: string; readonly Key: string },
    options: StoreOptions,
  ): Promise<StoredObject> {
    const { ETag, ContentLength } = await this.#request(new this.#sdk.HeadObjectCommand(object), options);
    if (ETag === undefined || ContentLength === undefined) throw incomplete(object.Key);
    return { body: Buffer.alloc(0), version: ETag, size: ContentLength };
  }

  async #put(
    key: string,
    body: Uint8Array,
    condition: Condition,
    why: string,
    options: StoreOptions,
  ): Promise<string> {
    const name = this.#name(key);
    checkPut(key, body, name);
    throwIfAborted(options, name);
    const object = { Bucket: this.#bucket, Key: this.#prefix + key };
    return writeConditionally({
      name,
      why,
      options,
      retries: false,
      write: async (writeId) => {
        const tagged = { ...object, Metadata: { [WRITE_ID]: writeId } };
        const { ETag } =
          body.length > this.#multipart.threshold
            ? await uploadParts({
                sdk: this.#sdk,
                send: (command) => this.#request(command, options),
                giveUp: (command) => this.#request(command, {}),
                object: tagged,
                body,
                condition,
                partBytes: this.#multipart.partBytes,
              })
            : await this.#request(
                new this.#sdk.PutObjectCommand({ ...tagged, ...condition, Body: body }),
                options,
              );
        if (ETag === undefined) throw incomplete(name);
        return ETag;
      },
      understand: (error) => this.#understandPut(name, error, options),
      find: () => this.#find(name, object, options),
    });
  }

  #understandPut(name: string, error: unknown, options: StoreOptions): Attempted {
    const { status, code } = refusalOf(error);
    const failure = this.#failure(name, error, options);
    const attempts = (error as Partial<Sdk.S3ServiceException>).$metadata?.attempts ?? 1;
    const gone = status === 404 && (code === 'NoSuchKey' || code === 'NotFound');
    // What a repeated request to complete an upload is told.
    const completed = code === 'NoSuchUpload' && attempts > 1;
    const kind =
      failure.code === 'WALDO_ABORTED'
        ? 'failed'
        : status === 412 || gone || completed
          ? 'refused'
          : status === 409
            ? 'collided'
            : 'failed';
    return { kind, repeated: attempts > 1, error: failure };
  }

  async #find(name: string, object: { Bucket: string; Key: string }, options: StoreOptions) {
    try {
      const { Metadata, ETag } = await this.#request(new this.#sdk.HeadObjectCommand(object), options);
      return ETag === undefined ? undefined : { writeId: Metadata?.[WRITE_ID], version: ETag };
    } catch (error) {
      if (refusalOf(error).status === 404) return undefined;
      throw this.#failure(name, error, options);
    }
  }

  async #deleteSome(keys: readonly string[], options: StoreOptions): Promise<readonly DeleteFailure[]> {
    if (this.#deletesMany) {
      try {
        return await this.#deleteMany(keys, options);
      } catch (error) {
        // Services that want a checksum of another kind, or have no such request.
        if (![400, 405, 501].includes(refusalOf(error).status ?? 0))
          throw this.#failure(this.url, error, options);
        this.#deletesMany = false;
      }
    }
    return deleteEach(keys, async (key) => {
      const object = { Bucket: this.#bucket, Key: this.#prefix + key };
      await this.#attempt(this.#name(key), options, () =>
        this.#request(new this.#sdk.DeleteObjectCommand(object), options),
      ).catch((error) => {
        if (!hasCode(error, 'WALDO_NOT_FOUND')) throw error;
      });
    });
  }

  async #deleteMany(keys: readonly string[], options: StoreOptions): Promise<readonly DeleteFailure[]> {
    const { Errors = [] } = await this.#request(
      new this.#sdk.DeleteObjectsCommand({
        Bucket: this.#bucket,
        Delete: { Quiet: true, Objects: keys.map((key) => ({ Key: this.#prefix + key })) },
      }),
      options,
    );
    return Errors.filter(({ Code }) => Code !== 'NoSuchKey').map(({ Key = '', Code = '', Message = '' }) => {
      const key = Key.slice(this.#prefix.length);
      const refusal = { status: Code === 'AccessDenied' ? 403 : 500, code: Code, message: Message };
      return { key, error: remoteFailure(this.#name(key), refusal, undefined, options) };
    });
  }

  #send<I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes>(
    name: string,
    options: StoreOptions,
    command: S3Command<I, O>,
  ): Promise<O> {
    return this.#attempt(name, options, () => this.#request(command, options));
  }

  #request<I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes>(
    command: S3Command<I, O>,
    { signal }: StoreOptions,
  ): Promise<O> {
    return this.#client.send(command, signal === undefined ? {} : { abortSignal: signal });
  }

  async #attempt<T>(name: string, options: StoreOptions, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      throw this.#failure(name, error, options);
    }
  }

  #failure(name: string, error: unknown, options: StoreOptions): WaldoError {
    const refusal = refusalOf(error);
    if (refusal.status === 404 && refusal.code !== 'NoSuchBucket' && refusal.code !== 'NoSuchUpload')
      return notFound(name);
    if (refusal.status === 501) {
      return new WaldoError('WALDO_UNSUPPORTED', `${name}: the service does not have that: ${refusal.code}`, {
        object: name,
      });
    }
    return remoteFailure(name, refusal, error, options);
  }

  #name(key: string): string {
    return `${this.url}/${key}`;
  }
}

/** For services other than Amazon's: those that came with 2025's checksums are not understood by all. */
const COMPATIBLE = {
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
} as const;

export type S3Command<I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes> = Parameters<
  typeof Sdk.S3Client.prototype.send<I, O>
>[0];

function pathStyle(given: string | undefined): boolean | undefined {
  if (given === undefined || given === 'true' || given === 'false') return given && given === 'true';
  throw invalidArgument(`the parameter pathStyle of an s3: URL is true or false; received '${given}'`);
}

function refusalOf(error: unknown): Refusal {
  const { name = '', message = '', $metadata } = (error ?? {}) as Partial<Sdk.S3ServiceException>;
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return { status: $metadata?.httpStatusCode, code: code ?? name, message };
}

function incomplete(name: string): WaldoError {
  return storeFailed(name, 'the answer lacks the ETag or the length', { retryable: false });
}
