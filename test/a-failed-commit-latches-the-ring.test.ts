import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { FakeEngine, IO_ERROR, turn } from './support/fake-engine.js';
import { openFake, openManual, range, seqNosOf, withCode } from './support/rings.js';
import { transferAway } from './support/transfer.js';

const ENOSPC = withCode('WALDO_IO', /no space left on device/, {
  errno: 28,
  errnoName: 'ENOSPC',
  syscall: 'pwritev',
  path: '/ring/0000000000.page',
});

test('everything that is not durable rejects with the error, and so does everything after it', async () => {
  const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 2 });
  const durable = waldo.append(['durable']);
  await fake.commit();
  assert.equal(await durable, 1);
  // Some in flight, some packed, some waiting.
  const lost = range(1, 5).map(() => waldo.append([Buffer.alloc(3000)]));
  const rejections = Promise.all(lost.map((append) => assert.rejects(append, ENOSPC)));
  fake.nextFailure = IO_ERROR;
  await fake.commit();
  await rejections;
  await assert.rejects(waldo.append(['later']), ENOSPC);
  await assert.rejects(waldo.append([]), ENOSPC);
  assert.throws(() => waldo.appendSync(['later']), ENOSPC);
  assert.equal(waldo.prevSeqNo, 1);
});

test('frames that became durable before the failure are acknowledged', async () => {
  const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 8 });
  const appends = range(1, 3).map(() => waldo.append([Buffer.alloc(3000)]));
  await turn();
  await fake.commit(1);
  fake.nextFailure = IO_ERROR;
  const rejections = Promise.all(appends.slice(1).map((append) => assert.rejects(append, ENOSPC)));
  await fake.commit();
  assert.equal(await appends[0], 1);
  await rejections;
});

test('reads go on', async () => {
  const { waldo, fake } = await openManual();
  const tail = waldo.tail(Cursor.trim());
  const done = waldo.append(['a', 'b']);
  await fake.commit();
  await done;
  fake.nextFailure = IO_ERROR;
  const lost = assert.rejects(waldo.append(['c']), ENOSPC);
  await fake.commit();
  await lost;
  assert.deepEqual(await seqNosOf(waldo.query(Cursor.trim())), [1, 2]);
  assert.equal((await tail.next()).value!.length, 2);
});

test('the ring can be closed, and does not keep the process alive', async () => {
  const { waldo, fake } = await openManual();
  fake.nextFailure = IO_ERROR;
  const lost = assert.rejects(waldo.append(['a']), ENOSPC);
  await fake.commit();
  await lost;
  assert.equal(fake.referenced, false);
  await waldo.close();
  assert.equal(fake.closed, true);
  await assert.rejects(waldo.append(['b']), withCode('WALDO_CLOSED'));
});

test('nothing but the appends reports the failure', async () => {
  // An unhandled rejection of anything else would fail the test.
  const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 2 });
  const tail = waldo.tail(Cursor.tip());
  tail.next();
  const appends = Promise.allSettled(range(1, 4).map(() => waldo.append([Buffer.alloc(3000)])));
  fake.nextFailure = IO_ERROR;
  await fake.commit();
  assert((await appends).every((result) => result.status === 'rejected'));
  await turn();
  await waldo.close();
});

test('memory that is taken from under the appends latches the ring', async () => {
  const { waldo, fake } = await openManual();
  const first = waldo.append(['a']);
  await fake.commit();
  await first;
  const { value: logs } = await waldo.query(Cursor.trim()).next();
  const second = waldo.append(['b']);
  transferAway(logs!.at(0)!.data.buffer);
  await assert.rejects(second, withCode('WALDO_INTERNAL', /memory .* is gone/));
  await assert.rejects(waldo.append(['c']), withCode('WALDO_INTERNAL'));
  assert.deepEqual(await seqNosOf(waldo.query(Cursor.trim())), [1], 'what is durable is read from disk');
});

test('what open fails with has its details', async () => {
  const fake = new FakeEngine();
  const cases = [
    [{ code: 2, message: 'x', page: 3, offset: 512, firstLost: 7, lastLost: 9 }, 'WALDO_CORRUPT'],
    [{ code: 4, message: 'x', holder: 'process 1 (node), thread 0' }, 'WALDO_LOCKED'],
    [{ code: 6, message: 'x' }, 'WALDO_OPTION'],
    [{ code: 7, message: 'x' }, 'WALDO_VERSION'],
    [{ code: 9, message: 'x' }, 'WALDO_INTERNAL'],
    [{ code: 11, message: 'x' }, 'WALDO_NOT_FOUND'],
    [{ code: 13, message: 'x' }, 'WALDO_NO_MEMORY'],
    [{ code: 99, message: 'x' }, 'WALDO_INTERNAL'],
  ] as const;
  for (const [failure, code] of cases) {
    fake.openFailure = failure;
    const { code: _, message, ...details } = failure;
    await assert.rejects(openFake({}, fake), withCode(code, new RegExp(message), details));
    assert.equal(fake.referenced, false);
  }
});
