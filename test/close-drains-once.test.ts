import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type Waldo } from '../src/index.js';
import { IO_ERROR, turn } from './support/fake-engine.js';
import { openFake, openManual, range, stateOf, withCode } from './support/rings.js';

test('appends under way go through, waiting ones included', async () => {
  const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 2 });
  const appends = range(1, 5).map(() => waldo.append([Buffer.alloc(3000)]));
  const closed = waldo.close();
  assert.equal(await stateOf(closed), 'pending');
  assert.equal(fake.closed, false);
  while (fake.logs.length < 5) await fake.commit(1);
  assert.deepEqual(await Promise.all(appends), range(1, 5));
  await closed;
  assert.equal(fake.closed, true);
});

test('it is idempotent', async () => {
  const { waldo } = await openFake();
  const closed = waldo.close();
  assert.equal(waldo.close(), closed);
  await closed;
  assert.equal(waldo.close(), closed);
  assert.equal(waldo[Symbol.asyncDispose](), closed);
});

test('what comes after it is refused', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a']);
  const closing = waldo.close();
  const check = withCode('WALDO_CLOSED', /the ring is closed/);
  const refuse = async () => {
    await assert.rejects(waldo.append(['b']), check);
    await assert.rejects(waldo.append([]), check);
    assert.throws(() => waldo.appendSync(['b']), check);
    assert.throws(() => waldo.query(Cursor.trim()), check);
    assert.throws(() => waldo.tail(Cursor.tip()), check);
    assert.throws(() => waldo.metadata(), check);
    await assert.rejects(waldo.verify(), check);
  };
  await refuse();
  await closing;
  await refuse();
  assert.equal(waldo.prevSeqNo, 1);
});

test('every stream ends', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a', 'b']);
  const waiting = waldo.tail(Cursor.tip());
  const [first, second] = [waiting.next(), waiting.next()];
  const behind = waldo.tail(Cursor.trim());
  await waldo.close();
  for (const result of [await first, await second, await waiting.next(), await behind.next()]) {
    assert.deepEqual(result, { value: undefined, done: true });
  }
});

test('tails get what becomes durable while it drains', async () => {
  const { waldo, fake } = await openManual();
  const tail = waldo.tail(Cursor.tip());
  const next = tail.next();
  const done = waldo.append(['last words']);
  const closed = waldo.close();
  await fake.commit();
  assert.equal((await next).value!.at(0)!.text(), 'last words');
  assert.equal(await done, 1);
  await closed;
  assert.equal((await tail.next()).done, true);
});

test('it waits for reads from disk, which end', async () => {
  const { waldo, fake } = await openFake({ cacheBytes: 0 });
  await waldo.append(['a']);
  const stream = waldo.query(Cursor.trim());
  const next = stream.next();
  await turn();
  const closed = waldo.close();
  await Promise.all([next, closed]);
  assert.equal((await stream.next()).done, true);
  assert.equal(fake.closed, true);
});

test('chunks stay valid', async () => {
  const { waldo } = await openFake();
  await waldo.append(['kept']);
  const { value: logs } = await waldo.query(Cursor.trim()).next();
  const data = logs!.at(0)!.data;
  await waldo.close();
  assert.equal(data.toString(), 'kept');
  assert.equal(logs!.at(0)!.text(), 'kept');
});

test('when the files cannot be closed it says so, and the ring is closed', async () => {
  const { waldo, fake } = await openFake();
  fake.closeFailure = IO_ERROR;
  await assert.rejects(waldo.close(), withCode('WALDO_IO'));
  await assert.rejects(waldo.append(['a']), withCode('WALDO_CLOSED'));
  assert.equal(fake.referenced, false);
});

test('await using closes', async () => {
  let escaped: Waldo;
  const { waldo, fake } = await openFake();
  {
    await using scoped = waldo;
    escaped = scoped;
    scoped.append(['a']);
  }
  assert.equal(fake.closed, true);
  assert.deepEqual(fake.texts, ['a']);
  await assert.rejects(escaped.append(['b']), withCode('WALDO_CLOSED'));
});
