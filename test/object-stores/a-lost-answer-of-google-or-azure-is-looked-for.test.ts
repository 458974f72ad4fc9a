import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ObjectStore } from '../../src/buffer/object-store/object-store.js';
import { openObjectStore } from '../../src/buffer/object-store/open.js';
import { withCode } from '../support/rings.js';
import { startAzure } from './support/azure-server.js';
import { startGoogle } from './support/google-server.js';
import { type LossyProxy, startLossyProxy } from './support/lossy-proxy.js';

const bytes = (text: string) => Buffer.from(text);

for (const { name, start, write } of [
  { name: 'gs', start: startGoogle, write: /^POST / },
  { name: 'az', start: startAzure, write: /^PUT / },
]) {
  describe(name, () => {
    let server: Awaited<ReturnType<typeof start>>;
    let proxy: LossyProxy;
    let direct: ObjectStore;
    let store: ObjectStore;

    before(async () => {
      server = await start();
      const { origin, port } = new URL(server.endpoint);
      proxy = await startLossyProxy(Number(port));
      direct = await openObjectStore(server.url, { probe: false });
      const url = server.url.replace(encodeURIComponent(origin), encodeURIComponent(proxy.endpoint));
      store = await openObjectStore(url, { probe: false });
    });
    after(async () => {
      await store.close();
      await direct.close();
      await proxy.close();
      await server.stop();
    });

    test('a write that was carried out is reported as such', async () => {
      proxy.loseAnswerTo(write);
      const first = await store.putIfAbsent('object', bytes('1'));
      proxy.loseAnswerTo(write);
      const second = await store.putIfMatch('object', bytes('2'), first);
      assert.equal(proxy.lost, 2);
      const object = await direct.get('object');
      assert.deepEqual([object.body.toString(), object.version], ['2', second]);
    });

    test('a write that was itself replaced is not called refused', async () => {
      const first = await store.putIfAbsent('replaced', bytes('before'));
      proxy.loseAnswerTo(write, async () => {
        const { version } = await direct.get('replaced');
        await direct.putIfMatch('replaced', bytes('another’s'), version);
      });
      await assert.rejects(
        store.putIfMatch('replaced', bytes('ours'), first),
        withCode('WALDO_STORE', /cannot be told/, { retryable: true }),
      );
    });

    test('reads and deletes are asked for again', async () => {
      await store.putIfAbsent('read', bytes('here'));
      proxy.loseAnswerTo(/^GET /);
      assert.equal((await store.get('read')).body.toString(), 'here');
      proxy.loseAnswerTo(/^DELETE /);
      assert.deepEqual(await store.delete(['read']), []);
    });
  });
}
