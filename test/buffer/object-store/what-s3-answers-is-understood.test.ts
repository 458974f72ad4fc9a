import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import type { ObjectStore } from '../../../src/buffer/object-store/object-store.js';
import { openObjectStore } from '../../../src/buffer/object-store/open.js';
import { withCode } from '../../support/rings.js';

const body = Buffer.from('body');

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A server that gives these answers in turn, the last one again and again; it keeps what it was asked. */
async function storeThatAnswers(t: TestContext, answers: readonly Answer[]) {
  process.env.AWS_ACCESS_KEY_ID = 'an-access-key';
  process.env.AWS_SECRET_ACCESS_KEY = 'a-secret-key';
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)]!;
    requests.push(request);
    request.resume().on('end', () => {
      const error = `<Error><Code>${answer.code}</Code><Message>so it is</Message></Error>`;
      const text = answer.body ?? (answer.code === undefined ? '' : error);
      response.writeHead(answer.status, { 'content-length': Buffer.byteLength(text), ...answer.headers });
      response.end(request.method === 'HEAD' ? undefined : text);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  const endpoint = encodeURIComponent(`http://127.0.0.1:${port}`);
  const store = await openObjectStore(`s3://bucket/some/prefix?endpoint=${endpoint}&region=auto`, {
    probe: false,
  });
  t.after(async () => {
    await store.close();
    server.closeAllConnections();
    server.close();
  });
  return { store, requests };
}

const COLLISION: Answer = { status: 409, code: 'ConditionalRequestConflict' };
const DONE: Answer = { status: 200, headers: { etag: '"e"' } };
const put = (store: ObjectStore) => store.putIfAbsent('key', body);
const attempts = (requests: IncomingMessage[]) => requests.map(({ method }) => method).join(' ');

test('a write that collides with another is tried again, with the same id', async (t) => {
  const { store, requests } = await storeThatAnswers(t, [COLLISION, COLLISION, DONE]);
  assert.equal(await put(store), '"e"');
  assert.equal(attempts(requests), 'PUT PUT PUT');
  assert.equal(requests[0]?.url, '/bucket/some/prefix/key?x-id=PutObject');
  assert.equal(requests[0]?.headers['if-none-match'], '*');
  assert.equal(new Set(requests.map(({ headers }) => headers['x-amz-meta-waldowrite'])).size, 1);
});

test('a write that collides again and again may be tried later', async (t) => {
  const { store, requests } = await storeThatAnswers(t, [COLLISION]);
  await assert.rejects(put(store), withCode('WALDO_STORE', /409/, { status: 409, retryable: true }));
  assert.equal(attempts(requests), 'PUT PUT PUT PUT');
});

test('a refusal of the first attempt is one, and costs no further request', async (t) => {
  const { store, requests } = await storeThatAnswers(t, [{ status: 412, code: 'PreconditionFailed' }]);
  await assert.rejects(put(store), withCode('WALDO_PRECONDITION'));
  await assert.rejects(store.putIfMatch('key', body, '"old"'), withCode('WALDO_PRECONDITION'));
  assert.equal(attempts(requests), 'PUT PUT');
  assert.equal(requests[1]?.headers['if-match'], '"old"');
});

test('a service that has too much to do may be asked later', async (t) => {
  const { store, requests } = await storeThatAnswers(t, [{ status: 503, code: 'SlowDown' }]);
  const slowDown = withCode('WALDO_STORE', /key: status 503: SlowDown: so it is/, {
    status: 503,
    retryable: true,
    object: 's3://bucket/some/prefix/key',
  });
  await assert.rejects(put(store), slowDown);
  await assert.rejects(store.get('key'), slowDown);
  assert.ok(requests.length > 2, 'the SDK has tried again');
});

test('a refusal after an attempt that may have won is looked into', async (t) => {
  const slow: Answer = { status: 500, code: 'InternalError' };
  const refused: Answer = { status: 412, code: 'PreconditionFailed' };
  const other: Answer = { status: 200, headers: { etag: '"x"', 'x-amz-meta-waldowrite': 'another' } };
  const { store, requests } = await storeThatAnswers(t, [slow, refused, other]);
  await assert.rejects(put(store), withCode('WALDO_STORE', /cannot be told/, { retryable: true }));
  assert.equal(attempts(requests), 'PUT PUT HEAD');
});

test('what is not allowed stays so', async (t) => {
  const { store, requests } = await storeThatAnswers(t, [{ status: 403, code: 'AccessDenied' }]);
  const denied = withCode('WALDO_STORE', /AccessDenied/, { status: 403, retryable: false });
  await assert.rejects(put(store), denied);
  await assert.rejects(store.get('key'), denied);
  await assert.rejects(store.delete(['key']), denied);
  assert.equal(attempts(requests), 'PUT GET POST');
});

test('a bucket that is not there is no missing object', async (t) => {
  const { store } = await storeThatAnswers(t, [{ status: 404, code: 'NoSuchBucket' }]);
  await assert.rejects(
    put(store),
    withCode('WALDO_STORE', /NoSuchBucket/, { status: 404, retryable: false }),
  );
  await assert.rejects(store.get('key'), withCode('WALDO_STORE', /NoSuchBucket/));
});

test('a service without conditional writes is told apart', async (t) => {
  const { store } = await storeThatAnswers(t, [{ status: 501, code: 'NotImplemented' }]);
  await assert.rejects(put(store), withCode('WALDO_UNSUPPORTED', /NotImplemented/));
});

test('objects are deleted one by one where many at a time are not understood', async (t) => {
  const { store, requests } = await storeThatAnswers(t, [
    { status: 501, code: 'NotImplemented' },
    { status: 204 },
  ]);
  assert.deepEqual(await store.delete(['a', 'b']), []);
  assert.deepEqual(await store.delete(['c']), []);
  assert.equal(attempts(requests), 'POST DELETE DELETE DELETE');
});

test('objects that could not be deleted are named', async (t) => {
  const error = (key: string, code: string) =>
    `<Error><Key>some/prefix/${key}</Key><Code>${code}</Code><Message>no</Message></Error>`;
  const text = `<DeleteResult>${error('a', 'AccessDenied')}${error('b', 'InternalError')}</DeleteResult>`;
  const { store } = await storeThatAnswers(t, [{ status: 200, body: text }]);
  const failures = await store.delete(['a', 'b', 'c']);
  assert.deepEqual(
    failures.map(({ key, error: { message } }) => [key, message]),
    [
      ['a', 's3://bucket/some/prefix/a: status 403: AccessDenied: no'],
      ['b', 's3://bucket/some/prefix/b: status 500: InternalError: no'],
    ],
  );
});

test('a body shorter than announced is no object', async (t) => {
  const { store } = await storeThatAnswers(t, [
    { status: 200, headers: { etag: '"e"', 'content-length': '100', connection: 'close' }, body: 'short' },
  ]);
  await assert.rejects(store.get('key'), withCode('WALDO_STORE', undefined, { retryable: true }));
});
