import { abortedError, hasCode, WaldoError } from '../../errors.js';
import type { DeleteFailure, StoreOptions } from './object-store.js';
import { storeFailed, tooLong } from './store-errors.js';
import type { BucketUrl } from './url.js';

/** What the stores behind an SDK have in common. */

/** Where the random id of a write is kept among an object's metadata. */
export const WRITE_ID = 'waldowrite';

/** Single deletes under way at a time. */
const DELETES_AT_ONCE = 16;

/** A bucket's URL for people: without parameters, so that `/` and a key can follow. */
export function urlOf({ scheme, bucket, prefix }: BucketUrl): string {
  return `${scheme}://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`;
}

/**
 * Loads an optional package.
 * @throws {@link WaldoError} `WALDO_MISSING_PACKAGE` that says how to install it.
 */
export async function loadPackage<T>(name: string, what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes(`'${name}'`)) throw error;
    throw new WaldoError('WALDO_MISSING_PACKAGE', `${what} needs a package: npm install ${name}`, undefined, {
      cause: error,
    });
  }
}

/** What an SDK's error says, in one form. */
export interface Refusal {
  /** HTTP status; `undefined` if there was no answer. */
  readonly status: number | undefined;
  /** The service's word for it, `SlowDown` for example. */
  readonly code: string;
  readonly message: string;
}

const RETRYABLE_CODES = ['RequestTimeout', 'RequestTimeTooSkewed', 'SlowDown', 'ConditionalRequestConflict'];

/**
 * Makes of what an SDK threw what {@link ObjectStore} promises. Nothing of the SDK's own error goes along.
 */
export function remoteFailure(
  name: string,
  refusal: Refusal,
  error: unknown,
  options: StoreOptions,
): WaldoError {
  if (error instanceof WaldoError) return error;
  if (options.signal?.aborted) return abortedError(`the request for ${name}`, options.signal.reason);
  const { status, code } = refusal;
  const what = [status === undefined ? undefined : `status ${status}`, code, redact(refusal.message)]
    .filter((part) => part !== undefined && part !== '')
    .join(': ');
  const retryable = isRetryable(refusal, error);
  return storeFailed(name, what, status === undefined ? { retryable } : { retryable, status });
}

function isRetryable({ status, code }: Refusal, error: unknown): boolean {
  if (RETRYABLE_CODES.includes(code)) return true;
  if (status !== undefined) return status === 408 || status === 409 || status === 429 || status >= 500;
  // Without an answer it is the network, unless the SDK never got as far.
  return !(
    error instanceof TypeError ||
    error instanceof RangeError ||
    /Credential|Authentication/.test(code)
  );
}

/** Environment variables that hold what nobody else should read. */
const SECRET_VARIABLES = [
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_ACCESS_KEY_ID',
  'AZURE_STORAGE_CONNECTION_STRING',
  'AZURE_CLIENT_SECRET',
];

/** A message without credentials: SDKs put URLs, headers and even whole requests into theirs. */
export function redact(text: string): string {
  for (const variable of SECRET_VARIABLES) {
    const secret = process.env[variable];
    if (secret !== undefined && secret.length >= 8) text = text.replaceAll(secret, '…');
  }
  return text
    .replace(
      /([?&;\s](?:sig|AccountKey|SharedAccessSignature|AWSAccessKeyId|X-Amz-[\w-]+)=)[^&;\s'"]+/gi,
      '$1…',
    )
    .replace(/\b(authorization|x-amz-security-token)(["']?\s*[:=]).*/gi, '$1$2 …')
    .replace(/\/\/[^/@\s]*@/g, '//…@');
}

/**
 * Collects a body, refusing more than `maxBytes` before it is read.
 * @param limits.expected the bytes that were announced, once the first chunk is there (or the end).
 */
export async function readBody(
  chunks: AsyncIterable<Uint8Array>,
  limits: { readonly expected: () => number; readonly maxBytes: number; readonly name: string },
): Promise<Buffer> {
  const { maxBytes, name } = limits;
  let body: Buffer | undefined;
  const allocate = () => {
    const expected = limits.expected();
    if (expected > maxBytes) throw tooLong(name, expected, maxBytes);
    if (!Number.isSafeInteger(expected) || expected < 0)
      throw storeFailed(name, 'the answer does not tell how long it is', { retryable: false });
    return Buffer.allocUnsafeSlow(expected);
  };
  let length = 0;
  for await (const chunk of chunks) {
    body ??= allocate();
    if (length + chunk.length > body.length) {
      const what = `the body has more than the ${body.length} bytes announced`;
      throw storeFailed(name, what, { retryable: true });
    }
    body.set(chunk, length);
    length += chunk.length;
  }
  body ??= allocate();
  if (length === body.length) return body;
  const what = `the body ended after ${length} of ${body.length} bytes`;
  throw storeFailed(name, what, { retryable: true });
}

/** The bytes of the whole object, from a `Content-Range: bytes 0-9/100`. */
export function sizeFromRange(header: string | undefined): number | undefined {
  const found = /\/(\d+)$/.exec(header ?? '');
  return found === null ? undefined : Number(found[1]);
}

/** Deletes objects one by one, some at a time. */
export async function deleteEach(
  keys: readonly string[],
  remove: (key: string) => Promise<void>,
): Promise<DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  const waiting = keys.values();
  const worker = async () => {
    for (const key of waiting) {
      try {
        await remove(key);
      } catch (error) {
        if (hasCode(error, 'WALDO_ABORTED')) throw error;
        failures.push({ key, error: error as Error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(DELETES_AT_ONCE, keys.length) }, worker));
  return failures;
}
