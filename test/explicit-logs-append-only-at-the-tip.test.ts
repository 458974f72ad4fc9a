import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, SequenceError } from '../src/index.js';
import { openFake, openManual, seqNosOf, withCode } from './support/rings.js';

test('a log that names the tip is appended, gaps included', async () => {
  const { waldo } = await openFake();
  await waldo.append(['one', 'two']);
  assert.equal(await waldo.append([{ seqNo: 12, prevSeqNo: 2, data: 'twelve' }]), 12);
  assert.equal(await waldo.append(['thirteen']), 13);
  assert.deepEqual(await seqNosOf(waldo.query(Cursor.trim())), [1, 2, 12, 13]);
});

test('a log that names another predecessor is refused', async () => {
  const { waldo } = await openFake();
  await waldo.append(['one', 'two']);
  for (const prevSeqNo of [0, 1, 3]) {
    await assert.rejects(
      waldo.append([{ seqNo: 4, prevSeqNo, data: 'x' }]),
      (error) =>
        error instanceof SequenceError &&
        withCode('WALDO_SEQUENCE', /but the tip is 2/, { seqNo: 4, prevSeqNo, expectedPrevSeqNo: 2 })(error),
    );
  }
  assert.equal(waldo.prevSeqNo, 2);
});

test('an empty ring starts where its first log says', async () => {
  const { waldo, fake } = await openFake();
  await waldo.append([
    { seqNo: 42, prevSeqNo: 41, data: 'a' },
    { seqNo: 50, prevSeqNo: 42, data: 'b' },
  ]);
  assert.deepEqual(
    fake.logs.map((log) => [log.seqNo, log.prevSeqNo]),
    [
      [42, 41],
      [50, 42],
    ],
  );
});

test('logs may follow appends that are not durable yet', async () => {
  const { waldo, fake } = await openManual();
  const first = waldo.append(['one']);
  const second = waldo.append([{ seqNo: 5, prevSeqNo: 1, data: 'five' }]);
  const third = waldo.append([{ seqNo: 6, prevSeqNo: 5, data: 'six' }]);
  await fake.commit();
  assert.deepEqual(await Promise.all([first, second, third]), [1, 5, 6]);
});

test('one that lost the race for the tip gets WALDO_CONFLICT', async () => {
  const { waldo, fake } = await openManual();
  const winner = waldo.append([{ seqNo: 1, prevSeqNo: 0, data: 'a' }]);
  const conflict = withCode('WALDO_CONFLICT', /appends in flight have moved the tip to 1/, {
    prevSeqNo: 0,
  });
  await assert.rejects(waldo.append([{ seqNo: 1, prevSeqNo: 0, data: 'b' }]), conflict);
  const next = waldo.append(['two']);
  const passed = withCode('WALDO_CONFLICT', undefined, { prevSeqNo: 1, expectedPrevSeqNo: 2 });
  await assert.rejects(waldo.append([{ seqNo: 9, prevSeqNo: 1, data: 'c' }]), passed);
  await fake.commit();
  assert.deepEqual(await Promise.all([winner, next]), [1, 2]);
  // Nothing is in flight any more: now it is simply wrong.
  await assert.rejects(waldo.append([{ seqNo: 9, prevSeqNo: 1, data: 'c' }]), withCode('WALDO_SEQUENCE'));
});

test('a number that the log never ended at is no conflict', async () => {
  const { waldo, fake } = await openManual();
  const done = waldo.append([{ seqNo: 10, prevSeqNo: 0, data: 'a' }]);
  await assert.rejects(waldo.append([{ seqNo: 20, prevSeqNo: 5, data: 'b' }]), withCode('WALDO_SEQUENCE'));
  await fake.commit();
  await done;
});

test('properties of a log are read once, in order', async () => {
  const { waldo } = await openFake();
  const reads: string[] = [];
  const log = {
    get seqNo() {
      reads.push('seqNo');
      return 1;
    },
    get prevSeqNo() {
      reads.push('prevSeqNo');
      return 0;
    },
    get data() {
      reads.push('data');
      return 'a';
    },
  };
  await waldo.append([log]);
  assert.deepEqual(reads, ['seqNo', 'prevSeqNo', 'data']);
});
