import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type Logs, type WaldoOptions } from '../src/index.js';
import { turn } from './support/fake-engine.js';
import { openFake, openManual, range, stateOf, withCode } from './support/rings.js';

test('nothing is delivered before it is durable', async () => {
  const { waldo, fake } = await openManual();
  const tail = waldo.tail(Cursor.tip());
  const next = tail.next();
  const done = waldo.append(['a']);
  await turn();
  assert.equal(await stateOf(next), 'pending');
  assert.equal((await waldo.query(Cursor.trim()).next()).done, true);
  await fake.commit();
  assert.equal((await next).value!.at(0)!.text(), 'a');
  await done;
});

const caches: [name: string, options: WaldoOptions][] = [
  ['with a cache', {}],
  ['with a small cache', { bufCapacity: 4096, poolSize: 4, cacheBytes: 16384 }],
  ['with a cache for less than a slab', { bufCapacity: 65536, poolSize: 4, cacheBytes: 4096 }],
  ['without a cache', { cacheBytes: 0 }],
];

for (const [name, options] of caches) {
  test(`a hundred tails at their own pace get every log once, in order, ${name}`, async () => {
    const { waldo } = await openFake(options);
    const last = 2000;
    const readers = range(1, 100).map(async (reader) => {
      let expected = 1;
      for await (const logs of waldo.tail(Cursor.after(0))) {
        for (const log of logs) {
          assert.equal(log.seqNo, expected);
          assert.equal(log.prevSeqNo, expected - 1);
          assert.equal(log.text(), `log ${expected}`);
          expected++;
        }
        if (expected > last) return;
        if (expected % reader === 0) await turn();
      }
    });
    for (let n = 1; n <= last; ) {
      const batch = range(n, Math.min(n + (n % 50), last)).map((i) => `log ${i}`);
      await waldo.append(batch);
      n += batch.length;
    }
    await Promise.all(readers);
    await waldo.close();
  });
}

test('ten thousand tails are woken by one commit, and share its chunk', async () => {
  const { waldo } = await openFake();
  const tails = range(1, 10_000).map(() => waldo.tail(Cursor.tip()));
  const nexts = tails.map((tail) => tail.next());
  await waldo.append(['a', 'b']);
  const results = await Promise.all(nexts);
  const first = results[0]!.value;
  assert.equal(first!.length, 2);
  assert(results.every((result) => result.value === first));
  await Promise.all(tails.map((tail) => tail.return()));
});

test('a stream that starts inside a chunk gets the rest of it', async () => {
  const { waldo } = await openFake();
  await waldo.append(range(1, 10).map(String));
  const { value: logs } = await waldo.query(Cursor.after(7)).next();
  assert.deepEqual([logs!.length, logs!.firstSeqNo, logs!.lastSeqNo], [3, 8, 10]);
  assert.deepEqual(
    [...logs!].map((log) => log.text()),
    ['8', '9', '10'],
  );
});

test('a query ends at the tip that it finds there', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a']);
  const query = waldo.query(Cursor.trim());
  assert.equal((await query.next()).value!.lastSeqNo, 1);
  await waldo.append(['b']);
  assert.equal((await query.next()).value!.lastSeqNo, 2);
  assert.equal((await query.next()).done, true);
  await waldo.append(['c']);
  assert.equal((await query.next()).done, true, 'and stays there');
});

test('calls of next that overlap are answered in order', async () => {
  const { waldo } = await openFake();
  const tail = waldo.tail(Cursor.tip());
  const nexts = range(1, 5).map(() => tail.next());
  for (let i = 0; i < 3; i++) await waldo.append([`${i}`]);
  const chunks: (Logs | undefined)[] = (await Promise.all(nexts.slice(0, 3))).map((result) => result.value);
  assert.deepEqual(
    chunks.map((logs) => logs!.firstSeqNo),
    [1, 2, 3],
  );
  assert.equal(await stateOf(nexts[3]!), 'pending');
  await tail.return();
  assert.deepEqual(await Promise.all(nexts.slice(3)), Array(2).fill({ value: undefined, done: true }));
});

test('a reader that the ring has lapped gets WALDO_TRIMMED, then the end', async () => {
  const { waldo, fake } = await openFake({ bufCapacity: 4096, poolSize: 2, cacheBytes: 0 });
  await waldo.append(['a']);
  const tail = waldo.tail(Cursor.trim());
  assert.equal((await tail.next()).value!.lastSeqNo, 1);
  for (let i = 0; i < 10; i++) await waldo.append([Buffer.alloc(3000)]);
  fake.trimmed = 8;
  await assert.rejects(tail.next(), withCode('WALDO_TRIMMED', undefined, { oldestSeqNo: 9 }));
  assert.equal((await tail.next()).done, true);
});

test('a read that fails ends the stream with the error, and no other', async () => {
  const { waldo, fake } = await openFake({ cacheBytes: 0 });
  await waldo.append(['a']);
  fake.readFailure = {
    code: 2,
    message: 'a checksum does not match',
    page: 0,
    offset: 0,
    firstLost: 1,
    lastLost: 1,
  };
  const [one, two] = [waldo.query(Cursor.trim()), waldo.query(Cursor.trim())];
  const check = withCode('WALDO_CORRUPT', /checksum/, { page: 0, offset: 0, firstLost: 1, lastLost: 1 });
  await Promise.all([assert.rejects(one.next(), check), assert.rejects(two.next(), check)]);
  fake.readFailure = undefined;
  assert.equal((await one.next()).done, true);
  assert.equal((await waldo.query(Cursor.trim()).next()).value!.length, 1);
});

test('a ring that is opened again is read from disk', async () => {
  const { waldo, fake } = await openFake();
  await waldo.append(['a', 'b']);
  await waldo.close();
  const { waldo: again } = await openFake({}, fake);
  assert.equal(again.prevSeqNo, 2);
  const tail = again.tail(Cursor.trim());
  assert.deepEqual(
    [...(await tail.next()).value!].map((log) => log.text()),
    ['a', 'b'],
  );
  assert.equal(await again.append(['c']), 3);
  assert.equal((await tail.next()).value!.at(0)!.text(), 'c');
});
