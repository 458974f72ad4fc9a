import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Consumer, openObjectStore } from '../../src/buffer/index.js';
import { startS3 } from '../object-stores/support/s3-server.js';
import { callsIn, callsOf, consume, contents, produce } from './support/calls.js';
import { Crate } from './support/crate.js';

test('producers of both sides at once lose nothing, and consumers of both sides fence each other', async (t) => {
  const server = await startS3();
  t.after(() => server.stop());
  const store = await openObjectStore(server.url);
  t.after(() => store.close());
  const crate = new Crate(`s3:${server.bucket}`, {
    ...server.env,
    AWS_ENDPOINT: server.endpoint,
    AWS_ALLOW_HTTP: 'true',
  });

  const names = ['waldo plain', 'waldo zstd', 'crate plain', 'crate zstd'] as const;
  const [ours, oursZstd, theirs, theirsZstd] = names.map((name) => callsOf(name, 24));
  await Promise.all([
    produce({ store }, ours!),
    produce({ store, batchCompression: 'zstd' }, oursZstd!),
    crate.produce([
      { compression: 'none', calls: theirs! },
      { compression: 'zstd', calls: theirsZstd! },
    ]),
  ]);

  const fenced = await Consumer.open({ store });
  const batches = await consume(fenced, 3);
  await fenced.flush();
  batches.push(...(await crate.consume(4)));
  await assert.rejects(fenced.nextBatch(), { code: 'WALDO_FENCED' });
  await fenced.close();
  const consumer = await Consumer.open({ store });
  batches.push(...(await consume(consumer)));
  await consumer.close();
  assert.deepEqual(await crate.consume(), [], 'all were acknowledged');

  assert.deepEqual(
    batches.map(({ sequence }) => sequence),
    [...batches.keys()],
  );
  const calls = callsIn(batches);
  for (const [i, given] of [ours, oursZstd, theirs, theirsZstd].entries()) {
    const found = calls.filter(({ metadata }) => metadata.startsWith(names[i]!));
    assert.deepEqual(found, contents(given!), names[i]);
  }
  assert.equal(calls.length, 4 * 24);
});
