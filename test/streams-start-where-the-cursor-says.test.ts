import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type WaldoOptions } from '../src/index.js';
import { openFake, seqNosOf, withCode } from './support/rings.js';

const caches: [name: string, options: WaldoOptions][] = [
  ['from memory', {}],
  ['from disk', { cacheBytes: 0 }],
];

for (const [name, options] of caches) {
  test(`every cursor finds its log, ${name}`, async () => {
    const { waldo } = await openFake(options);
    await waldo.append([
      { seqNo: 10, prevSeqNo: 4, data: 'a' },
      { seqNo: 11, prevSeqNo: 10, data: 'b' },
      { seqNo: 20, prevSeqNo: 11, data: 'c' },
    ]);
    await waldo.append(['d', 'e']);
    const all = [10, 11, 20, 21, 22];
    const cases: [Cursor, number[]][] = [
      [Cursor.trim(), all],
      [Cursor.tip(), []],
      [Cursor.after(4), all],
      [Cursor.after(9), all],
      [Cursor.from(10), all],
      [Cursor.after(10), all.slice(1)],
      [Cursor.from(11), all.slice(1)],
      [Cursor.from(12), all.slice(2)],
      [Cursor.after(15), all.slice(2)],
      [Cursor.after(20), all.slice(3)],
      [Cursor.after(21), all.slice(4)],
      [Cursor.after(22), []],
      [Cursor.from(23), []],
    ];
    for (const [cursor, expected] of cases) {
      assert.deepEqual(await seqNosOf(waldo.query(cursor)), expected, `${cursor}`);
    }
  });

  test(`a stream of an empty ring gets whatever comes first, ${name}`, async () => {
    const { waldo } = await openFake(options);
    const cursors = [Cursor.trim(), Cursor.tip(), Cursor.after(0), Cursor.from(0), Cursor.from(1)];
    const queries = cursors.map((cursor) => waldo.query(cursor));
    assert.deepEqual(await Promise.all(queries.map(seqNosOf)), [[], [], [], [], []]);
    const unread = waldo.query(Cursor.trim());
    const tails = cursors.map((cursor) => waldo.tail(cursor).next());
    await waldo.append([{ seqNo: 42, prevSeqNo: 41, data: 'a' }]);
    for (const result of await Promise.all(tails)) assert.equal(result.value!.firstSeqNo, 42);
    assert.deepEqual(await seqNosOf(unread), [42]);
  });
}

test('a cursor is resolved when the stream is created', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a', 'b']);
  const tail = waldo.tail(Cursor.tip());
  await waldo.append(['c']);
  assert.equal((await tail.next()).value!.firstSeqNo, 3);
});

test('a cursor beyond the tip is refused, naming both', async () => {
  const { waldo } = await openFake();
  await assert.rejects(
    waldo.query(Cursor.after(1)).next(),
    withCode('WALDO_CURSOR', /Cursor.after\(1\) is beyond the tip: the ring is empty/),
  );
  await waldo.append(['a', 'b']);
  for (const cursor of [Cursor.after(3), Cursor.from(4)]) {
    const stream = waldo.tail(cursor);
    const message = /Cursor\.\w+\(\d\) is beyond the tip: the newest log is 2/;
    await assert.rejects(stream.next(), withCode('WALDO_CURSOR', message));
    assert.equal((await stream.next()).done, true);
  }
});

test('a cursor before the trim point is refused, naming the oldest log', async () => {
  const { waldo, fake } = await openFake();
  await waldo.append(['a', 'b', 'c']);
  await waldo.append([{ seqNo: 10, prevSeqNo: 3, data: 'd' }]);
  fake.trimmed = 3;
  for (const cursor of [Cursor.after(0), Cursor.from(1), Cursor.after(2)]) {
    await assert.rejects(
      waldo.query(cursor).next(),
      withCode('WALDO_TRIMMED', /overwritten logs after Cursor\.\w+\(\d\): the oldest it holds is 10/, {
        oldestSeqNo: 10,
      }),
    );
  }
  assert.deepEqual(await seqNosOf(waldo.query(Cursor.after(3))), [10]);
  assert.deepEqual(await seqNosOf(waldo.query(Cursor.trim())), [10]);
});

test('what is no cursor is refused at once', async () => {
  const { waldo } = await openFake();
  for (const cursor of [undefined, 5, { kind: 'trim' }, 'tip']) {
    const check = withCode('WALDO_CURSOR', /expected a cursor made by Cursor.trim\(\)/);
    assert.throws(() => waldo.query(cursor as unknown as Cursor), check);
    assert.throws(() => waldo.tail(cursor as unknown as Cursor), check);
  }
});

for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '5', 5n, null, undefined]) {
  test(`a cursor at ${typeof value} ${value} cannot be made`, () => {
    const message = /Cursor\.\w+ expects an integer from 0 to 9007199254740991; received/;
    assert.throws(() => Cursor.after(value as number), withCode('WALDO_CURSOR', message));
    assert.throws(() => Cursor.from(value as number), withCode('WALDO_CURSOR', message));
  });
}

test('a cursor shows how it was made', () => {
  assert.equal(
    `${Cursor.after(12)} ${Cursor.from(0)} ${Cursor.trim()} ${Cursor.tip()}`,
    'Cursor.after(12) Cursor.from(0) Cursor.trim() Cursor.tip()',
  );
});
