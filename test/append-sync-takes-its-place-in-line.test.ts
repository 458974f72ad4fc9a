import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { IO_ERROR, turn } from './support/fake-engine.js';
import { openManual, range, withCode } from './support/rings.js';

const TWO_SLABS = { bufCapacity: 4096, poolSize: 2 };
const FULL = 3000;

test('it is durable when it returns', async () => {
  const { waldo, fake } = await openManual();
  assert.equal(waldo.appendSync(['a', 'b']), 2);
  assert.deepEqual(fake.texts, ['a', 'b']);
  assert.equal(waldo.prevSeqNo, 2);
  assert.equal(fake.referenced, false);
});

test('appends under way come first, and are durable too', async () => {
  const { waldo, fake } = await openManual();
  const inFlight = waldo.append(['in flight']);
  await turn();
  const packed = waldo.append(['packed']);
  assert.equal(waldo.appendSync(['sync']), 3);
  assert.deepEqual(fake.texts, ['in flight', 'packed', 'sync']);
  assert.deepEqual(await Promise.all([inFlight, packed]), [1, 2]);
});

test('appends that wait for room come first', async () => {
  const { waldo, fake } = await openManual(TWO_SLABS);
  const waiting = range(1, 6).map((n) => waldo.append([Buffer.alloc(FULL, n)]));
  assert.equal(waldo.appendSync(['sync']), 7);
  assert.equal(fake.texts.at(-1), 'sync');
  assert.deepEqual(await Promise.all(waiting), range(1, 6));
});

test('the place in the queue that it needs is made', async () => {
  const { waldo } = await openManual({ ...TWO_SLABS, poolSize: 8, queueDepth: 1 });
  const waiting = range(1, 6).map(() => waldo.append([Buffer.alloc(FULL)]));
  assert.equal(waldo.appendSync([Buffer.alloc(FULL)]), 7);
  await Promise.all(waiting);
});

test('explicit logs continue what is under way', async () => {
  const { waldo } = await openManual(TWO_SLABS);
  const waiting = range(1, 4).map(() => waldo.append([Buffer.alloc(FULL)]));
  const wrong = () => waldo.appendSync([{ seqNo: 9, prevSeqNo: 3, data: 'x' }]);
  assert.throws(wrong, withCode('WALDO_CONFLICT'));
  assert.equal(waldo.appendSync([{ seqNo: 9, prevSeqNo: 4, data: 'x' }]), 9);
  await Promise.all(waiting);
});

test('explicit logs that lose their predecessor while they wait are refused', async () => {
  const { waldo } = await openManual(TWO_SLABS);
  const fill = range(1, 2).map(() => waldo.append([Buffer.alloc(FULL)]));
  const bytes = new Uint8Array(FULL);
  const victim = assert.rejects(waldo.append([bytes]), withCode('WALDO_INVALID_ARGUMENT'));
  structuredClone(bytes, { transfer: [bytes.buffer] });
  const sync = () => waldo.appendSync([{ seqNo: 4, prevSeqNo: 3, data: 'x' }]);
  assert.throws(sync, withCode('WALDO_SEQUENCE', /prevSeqNo 3, but the tip is 2/));
  await Promise.all([...fill, victim]);
});

test('readers get it', async () => {
  const { waldo } = await openManual();
  const tail = waldo.tail(Cursor.tip());
  const next = tail.next();
  waldo.appendSync(['a']);
  assert.equal((await next).value!.at(0)!.text(), 'a');
  await tail.return();
});

test('a failed write is thrown, and latches the ring', async () => {
  const { waldo, fake } = await openManual();
  const pending = waldo.append(['a']);
  const rejected = assert.rejects(pending, withCode('WALDO_IO'));
  fake.nextFailure = IO_ERROR;
  assert.throws(() => waldo.appendSync(['b']), withCode('WALDO_IO', /ENOSPC/, { syscall: 'pwritev' }));
  await rejected;
  assert.throws(() => waldo.appendSync(['c']), withCode('WALDO_IO'));
});
