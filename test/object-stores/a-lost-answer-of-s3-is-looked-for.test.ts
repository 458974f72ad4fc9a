import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { ObjectStore } from '../../src/buffer/object-store/object-store.js';
import { openObjectStore } from '../../src/buffer/object-store/open.js';
import { S3ObjectStore } from '../../src/buffer/object-store/s3.js';
import { parseStoreUrl } from '../../src/buffer/object-store/url.js';
import { withCode } from '../support/rings.js';
import { type LossyProxy, startLossyProxy } from './support/lossy-proxy.js';
import { type S3Server, s3Url, startS3 } from './support/s3-server.js';

const MiB = 1024 ** 2;
const bytes = (text: string) => Buffer.from(text);

let server: S3Server;
let proxy: LossyProxy;
let direct: ObjectStore;
let store: ObjectStore;
let key: string;
let keys = 0;

before(async () => {
  server = await startS3();
  proxy = await startLossyProxy(server.port);
  direct = await openObjectStore(server.url, { probe: false });
  const url = parseStoreUrl(s3Url(proxy.endpoint));
  assert.equal(url.scheme, 's3');
  store = await S3ObjectStore.open(url, { threshold: 5 * MiB, partBytes: 5 * MiB });
});
after(async () => {
  await store.close();
  await direct.close();
  await proxy.close();
  await server.stop();
});
beforeEach(() => {
  key = `object-${++keys}`;
});

test('an object whose creation was carried out has been created', async () => {
  const lost = proxy.lost;
  proxy.loseAnswerTo(/^PUT /);
  const version = await store.putIfAbsent(key, bytes('ours'));
  assert.equal(proxy.lost, lost + 1);
  const object = await direct.get(key);
  assert.deepEqual([object.body.toString(), object.version], ['ours', version]);
});

test('an object whose replacement was carried out has been replaced', async () => {
  const lost = proxy.lost;
  const first = await store.putIfAbsent(key, bytes('before'));
  proxy.loseAnswerTo(/^PUT /);
  const second = await store.putIfMatch(key, bytes('after'), first);
  assert.equal(proxy.lost, lost + 1);
  const object = await direct.get(key);
  assert.deepEqual([object.body.toString(), object.version], ['after', second]);
});

test('a replacement that was itself replaced is not called refused', async () => {
  const first = await store.putIfAbsent(key, bytes('before'));
  proxy.loseAnswerTo(/^PUT /, async () => {
    const { version } = await direct.get(key);
    await direct.putIfMatch(key, bytes('another’s'), version);
  });
  await assert.rejects(
    store.putIfMatch(key, bytes('ours'), first),
    withCode('WALDO_STORE', /whether its first attempt won cannot be told/, { retryable: true }),
  );
});

test('the same content from another writer is not taken for ours', async () => {
  proxy.loseAnswerTo(/^PUT /, async () => {
    await direct.delete([key]);
    await direct.putIfAbsent(key, bytes('the same'));
  });
  await assert.rejects(store.putIfAbsent(key, bytes('the same')), withCode('WALDO_STORE'));
});

test('parts become an object once, whichever answer is lost', async () => {
  const body = Buffer.alloc(11 * MiB, 'x');
  for (const request of [/^POST [^ ]*uploads/, /^PUT [^ ]*partNumber=2/, /^POST [^ ]*uploadId=/]) {
    const lost = proxy.lost;
    const part = `${key}-${request.source.length}`;
    proxy.loseAnswerTo(request);
    const version = await store.putIfAbsent(part, body);
    assert.equal(proxy.lost, lost + 1, String(request));
    const object = await direct.get(part);
    assert.deepEqual([object.size, object.version], [body.length, version]);
    await assert.rejects(store.putIfAbsent(part, body), withCode('WALDO_PRECONDITION'));
    const replaced = await store.putIfMatch(part, body.subarray(1), version);
    assert.equal((await direct.getIfChanged(part, version))?.version, replaced);
    await assert.rejects(store.putIfMatch(part, body, version), withCode('WALDO_PRECONDITION'));
  }
});

test('reads, lists and deletes are asked for again', async () => {
  await store.putIfAbsent(key, bytes('here'));
  proxy.loseAnswerTo(/^GET /);
  assert.equal((await store.get(key)).body.toString(), 'here');
  proxy.loseAnswerTo(/^GET /);
  for await (const { size } of store.list(key)) assert.equal(size, 4);
  proxy.loseAnswerTo(/^POST /);
  assert.deepEqual(await store.delete([key]), []);
  await assert.rejects(direct.get(key), withCode('WALDO_NOT_FOUND'));
});

test('a server that is killed and comes back is spoken to again', async () => {
  const version = await store.putIfAbsent(key, bytes('1'));
  await server.kill();
  await assert.rejects(
    direct.putIfMatch(key, bytes('2'), version),
    withCode('WALDO_STORE', undefined, { retryable: true }),
  );
  await server.restart();
  await direct.putIfMatch(key, bytes('3'), version);
  assert.equal((await store.get(key)).body.toString(), '3');
});
