import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Cli, cli, ringDirectory, SMALL_RING } from '../support/cli.js';
import { dumpOf, storeBeside } from '../support/stores.js';

/** A store with so many batches of two lines. */
async function storeWith(t: TestContext, batches: number, line = (n: number) => `${n}`): Promise<string> {
  const ring = ringDirectory(t);
  const store = storeBeside(ring);
  for (let n = 1; n <= batches; n++) {
    await cli(['append', ring, ...SMALL_RING], `${line(2 * n - 1)}\n${line(2 * n)}\n`);
    await cli(['upload', ring, '--to', store]);
  }
  return store;
}

async function sequencesIn(store: string): Promise<number[]> {
  return (await dumpOf(store)).entries.map(({ sequence }) => sequence);
}

test('consume without --ack changes nothing', async (t) => {
  const store = await storeWith(t, 2);
  const before = await dumpOf(store);
  assert.equal((await cli(['consume', store])).stdout.toString(), '1\n2\n3\n4\n');
  assert.equal((await cli(['consume', store, '--follow', '--count', '3'])).stdout.toString(), '1\n2\n3\n');
  assert.deepEqual(await dumpOf(store), before);
});

test('consume --ack removes the batches of which it has printed all', async (t) => {
  const store = await storeWith(t, 3);
  const consume = async (...flags: string[]) => {
    const { code, stdout, stderr } = await cli(['consume', store, '--ack', ...flags]);
    assert.deepEqual([code, stderr], [0, '']);
    return stdout.toString();
  };
  assert.equal(await consume('--count', '3'), '1\n2\n3\n');
  assert.deepEqual(await sequencesIn(store), [1, 2]);
  assert.equal(await consume('--after', '1', '--count', '0'), '');
  assert.deepEqual(await sequencesIn(store), [2]);
  assert.equal(await consume(), '5\n6\n');
  assert.equal(await consume(), '');
  assert.deepEqual(await sequencesIn(store), []);
});

test('a batch that nobody has taken off the output is not acked', async (t) => {
  const store = await storeWith(t, 2, (n) => `${n} ${'x'.repeat(60_000)}`);
  const broken = new Cli(['consume', store, '--ack']);
  broken.child.stdout.destroy();
  const { code, stderr } = await broken.ended;
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(await sequencesIn(store), [0, 1]);
});

test('while it waits for more, consume --ack has the manifest learn what it has printed', async (t) => {
  const store = await storeWith(t, 1);
  const consume = new Cli(['consume', store, '--ack', '--follow']);
  await consume.until(({ stdout }) => stdout.toString() === '1\n2\n');
  while ((await sequencesIn(store)).length > 0);
  consume.child.kill('SIGTERM');
  assert.equal((await consume.ended).code, 143);
});

test('a consumer that comes later ends the one before, which says so and exits with 4', async (t) => {
  const store = await storeWith(t, 1);
  const first = new Cli(['consume', store, '--ack', '--follow']);
  await first.until(({ stdout }) => stdout.toString() === '1\n2\n');
  const second = new Cli(['consume', store, '--ack', '--follow']);
  const { code, stderr } = await first.ended;
  assert.equal(code, 4);
  assert.match(stderr, /^waldo: another consumer has taken over .*ingest\/manifest.*\n$/);
  second.child.kill('SIGINT');
  assert.equal((await second.ended).code, 130);
});

test('whoever looks on is told what a consumer has removed', async (t) => {
  const store = await storeWith(t, 3);
  await cli(['consume', store, '--ack', '--count', '4']);
  const { code, stdout, stderr } = await cli(['consume', store, '--after', '0']);
  assert.deepEqual([code, stdout.length], [1, 0]);
  assert.match(stderr, /^waldo: .*batch 1 was removed by a consumer\n$/);
  assert.equal((await cli(['consume', store])).stdout.toString(), '5\n6\n');
});
