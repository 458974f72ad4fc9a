import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { openObjectStore } from '../../../src/buffer/object-store/open.js';
import { parseStoreUrl } from '../../../src/buffer/object-store/url.js';
import { withCode } from '../../support/rings.js';

test('a bucket’s URL has a bucket, a prefix and parameters', () => {
  const { parameters, ...rest } = parseStoreUrl(
    's3://my.bucket-1/a/b/?endpoint=http%3A%2F%2F127.0.0.1%3A9000&region=auto&pathStyle=false',
  ) as Extract<ReturnType<typeof parseStoreUrl>, { scheme: 's3' | 'gs' | 'az' }>;
  assert.deepEqual(rest, { scheme: 's3', bucket: 'my.bucket-1', prefix: 'a/b/' });
  assert.deepEqual(Object.fromEntries(parameters), {
    endpoint: 'http://127.0.0.1:9000',
    region: 'auto',
    pathStyle: 'false',
  });
  assert.deepEqual(parseStoreUrl(new URL('gs://bucket')), {
    scheme: 'gs',
    bucket: 'bucket',
    prefix: '',
    parameters: new Map(),
  });
});

for (const [url, message] of [
  ['', /cannot be parsed/],
  ['not a url', /cannot be parsed/],
  [7, /is a string or a URL; received 7/],
  ['http://example.com/x', /starts with file:, s3:, gs:, az: or memory:; received 'http:'/],
  ['file://host/path', /names no host.*'host'/],
  ['file:relative', /absolute path: file:\/\/\/path; received 'file:relative'/],
  ['file:///a?x=1', /a file: URL takes no parameters; received 'x'/],
  ['file:///a%2Fb', /no encoded slash/],
  ['memory://name', /memory:NAME/],
  ['memory:a/b', /memory:NAME/],
  ['s3://', /a bucket's name/],
  ['s3:bucket', /a bucket's name/],
  ['s3://UPPER/x', /a bucket's name; received 'UPPER'/],
  ['s3://bucket:99/x', /a bucket's name; received 'bucket:99'/],
  ['s3://bucket/a//b', /cannot be part of an object's key/],
  ['s3://bucket/a%2eb', /cannot be part of an object's key/],
  ['s3://bucket/#x', /no fragment; received '#x'/],
  ['s3://bucket?secret=1', /takes the parameters endpoint, region, pathStyle; received 'secret'/],
  ['s3://bucket?region=a&region=b', /region of a s3: URL is given once/],
  ['s3://bucket?region=', /given once, with a value/],
  ['s3://bucket?endpoint=localhost:9000', /endpoint is a URL with http: or https:/],
  ['s3://bucket?endpoint=http%3A%2F%2Fu%3Apassw0rd%40h', /endpoint holds no credentials/],
  ['s3://bucket?pathStyle=maybe', /pathStyle of an s3: URL is true or false; received 'maybe'/],
  ['s3://user:passw0rd@bucket', /no user and no password/],
  ['gs://bucket?region=x', /a gs: URL takes the parameters endpoint; received 'region'/],
  ['az://container?account=No', /account of an az: URL is 3 to 24 small letters and digits/],
  ['az://container', /names the account/],
] as const) {
  test(`${url} is refused`, async () => {
    delete process.env.AZURE_STORAGE_CONNECTION_STRING;
    await assert.rejects(openObjectStore(url as string), (error: Error) => {
      withCode('WALDO_INVALID_ARGUMENT', message)(error as never);
      assert.doesNotMatch(error.message, /passw0rd/);
      return true;
    });
  });
}

test('memory of one name is shared, and without a name it is not', async () => {
  const body = Buffer.from('x');
  const [a, b, c] = await Promise.all(
    ['memory:shared', 'memory:shared', 'memory:other'].map((url) => openObjectStore(url)),
  );
  await a!.putIfAbsent('key', body);
  assert.deepEqual((await b!.get('key')).body, body);
  await assert.rejects(c!.get('key'), withCode('WALDO_NOT_FOUND'));
  await (await openObjectStore('memory:')).putIfAbsent('key', body);
  await assert.rejects((await openObjectStore('memory:')).get('key'), withCode('WALDO_NOT_FOUND'));
});

test('a file: URL may have any path', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'waldo-store-'));
  try {
    const url = pathToFileURL(join(directory, 'with space & ünicode'));
    await (await openObjectStore(url)).putIfAbsent('key', Buffer.from('x'));
    const again = await openObjectStore(url.href, { probe: false });
    assert.equal((await again.get('key')).body.toString(), 'x');
    assert.equal(again.url, url.href);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('probe is a boolean', async () => {
  await assert.rejects(
    openObjectStore('memory:', { probe: 1 as never }),
    withCode('WALDO_INVALID_ARGUMENT', /probe is true or false; received 1/),
  );
});
