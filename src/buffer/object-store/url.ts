import { describe, invalidArgument } from '../../errors.js';
import { checkKey } from './key.js';

/** What the URL of a bucket says. */
export interface BucketUrl {
  readonly scheme: 's3' | 'gs' | 'az';
  readonly bucket: string;
  /** Ends in `/`, or is empty: the key of an object is appended to it. */
  readonly prefix: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export type StoreUrl =
  | BucketUrl
  | { readonly scheme: 'file'; readonly href: string }
  | { readonly scheme: 'memory'; readonly path: string };

/** The parameters that each kind of URL takes. */
const PARAMETERS = {
  s3: ['endpoint', 'region', 'pathStyle'],
  gs: ['endpoint'],
  az: ['account', 'endpoint'],
} as const;

/** Buckets' and containers' names: what any of the three takes. */
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;

/** @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT` that names the part of the URL that is wrong. */
export function parseStoreUrl(given: string | URL): StoreUrl {
  const url = parse(given);
  const scheme = url.protocol.slice(0, -1);
  // The URL itself may hold a secret: messages show its parts.
  if (url.username !== '' || url.password !== '')
    throw invalidArgument(
      "an object store's URL holds no user and no password; credentials come from the environment",
    );
  if (url.hash !== '')
    throw invalidArgument(`an object store's URL has no fragment; received ${describe(url.hash)}`);
  if (scheme === 'file') return { scheme, href: fileHref(url) };
  if (scheme === 'memory') return { scheme, path: memoryName(url) };
  if (scheme === 's3' || scheme === 'gs' || scheme === 'az') return bucketUrl(scheme, url);
  throw invalidArgument(
    `an object store's URL starts with file:, s3:, gs:, az: or memory:; received ${describe(url.protocol)}`,
  );
}

function parse(given: string | URL): URL {
  if (given instanceof URL) return given;
  if (typeof given !== 'string')
    throw invalidArgument(`an object store's URL is a string or a URL; received ${describe(given)}`);
  // Else it would be taken as one, in the root directory.
  if (/^file:(?!\/\/)/i.test(given))
    throw invalidArgument(`a file: URL has an absolute path: file:///path; received ${describe(given)}`);
  try {
    return new URL(given);
  } catch {
    throw invalidArgument(
      "the object store's URL cannot be parsed; it should look like file:///path or s3://bucket/prefix",
    );
  }
}

function fileHref(url: URL): string {
  if (url.host !== '')
    throw invalidArgument(`a file: URL names no host: file:///path; received the host ${describe(url.host)}`);
  checkParameters(url, 'file', []);
  if (/%2f|%00/i.test(url.pathname))
    throw invalidArgument(
      `a file: URL's path has no encoded slash or NUL; received ${describe(url.pathname)}`,
    );
  return url.href;
}

function memoryName(url: URL): string {
  checkParameters(url, 'memory', []);
  if (url.host !== '' || url.pathname.includes('/'))
    throw invalidArgument(`a store in memory is memory:NAME; received ${describe(url.href)}`);
  return url.pathname;
}

function bucketUrl(scheme: BucketUrl['scheme'], url: URL): BucketUrl {
  const parameters = checkParameters(url, scheme, PARAMETERS[scheme]);
  const bucket = url.hostname;
  if (url.port !== '' || !BUCKET.test(bucket)) {
    throw invalidArgument(`${scheme}://… goes on with a bucket's name; received ${describe(url.host)}`);
  }
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  if (path !== '') checkKey(path);
  const endpoint = parameters.get('endpoint');
  if (endpoint !== undefined) checkEndpoint(endpoint);
  return { scheme, bucket, prefix: path === '' ? '' : `${path}/`, parameters };
}

function checkParameters(url: URL, scheme: string, known: readonly string[]): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (!known.includes(name)) {
      const takes = known.length === 0 ? 'no parameters' : `the parameters ${known.join(', ')}`;
      throw invalidArgument(`a ${scheme}: URL takes ${takes}; received ${describe(name)}`);
    }
    if (parameters.has(name) || value === '') {
      throw invalidArgument(`the parameter ${name} of a ${scheme}: URL is given once, with a value`);
    }
    parameters.set(name, value);
  }
  return parameters;
}

function checkEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') {
    if (url.username === '' && url.password === '' && url.search === '' && url.hash === '') return;
    throw invalidArgument('the parameter endpoint holds no credentials, no query and no fragment');
  }
  throw invalidArgument('the parameter endpoint is a URL with http: or https:, encoded as a part of the URL');
}
