import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { IO_ERROR } from './support/fake-engine.js';
import { openFake, seqNosOf, withCode } from './support/rings.js';

test('a position may not go back, nor lie beyond the tip, nor be anything else than a number', async () => {
  const { waldo } = await openFake();
  await waldo.append(['1', '2', '3']);
  const cursor = await waldo.durableCursor('a');
  await cursor.commit(2);
  await assert.rejects(
    cursor.commit(1),
    withCode('WALDO_CURSOR', /cursor a cannot go back to 1: it is at 2/),
  );
  await assert.rejects(cursor.commit(4), withCode('WALDO_CURSOR', /cannot be at 4: the newest log is 3/));
  for (const bad of [-1, 1.5, Number.NaN, 2 ** 53, '2', undefined, 2n])
    await assert.rejects(cursor.commit(bad as number), withCode('WALDO_CURSOR', /expects a sequence number/));
  assert.deepEqual([cursor.position, cursor.lag], [2, 1]);
  await waldo.close();
});

test('names are letters, digits, "-" and "_"', async () => {
  const { waldo } = await openFake();
  for (const bad of ['', 'a/b', '..', '.x', 'a b', 'é', 'x'.repeat(65), 7, undefined])
    await assert.rejects(waldo.durableCursor(bad as string), withCode('WALDO_CURSOR', /1 to 64 letters/));
  await assert.rejects(waldo.deleteCursor('a/b'), withCode('WALDO_CURSOR'));
  await assert.rejects(
    waldo.durableCursor('a', { hold: 1 as unknown as boolean }),
    withCode('WALDO_INVALID_ARGUMENT', /option hold/),
  );
  await assert.rejects(
    waldo.durableCursor('a', { start: 3 as unknown as Cursor }),
    withCode('WALDO_CURSOR', /option start/),
  );
  await waldo.close();
});

test('a new cursor starts where it is told to, and reads from where it is', async () => {
  const { waldo } = await openFake();
  await waldo.append(['1', '2', '3']);
  const at = async (name: string, start?: Cursor) =>
    (await waldo.durableCursor(name, start === undefined ? {} : { start })).position;
  assert.deepEqual(
    [
      await at('a'),
      await at('b', Cursor.tip()),
      await at('c', Cursor.after(1)),
      await at('d', Cursor.from(3)),
    ],
    [0, 3, 1, 2],
  );
  await assert.rejects(at('e', Cursor.after(9)), withCode('WALDO_CURSOR', /beyond the tip/));
  const cursor = await waldo.durableCursor('f');
  assert.deepEqual(await seqNosOf(cursor.query()), [1, 2, 3]);
  await cursor.commit(2);
  assert.deepEqual(await seqNosOf(cursor.query()), [3]);
  await waldo.close();
});

test('commits while one is under way share the next write, of the newest position', async () => {
  const { waldo, fake } = await openFake();
  await waldo.append(Array<string>(100).fill('x'));
  const cursor = await waldo.durableCursor('a');
  await Promise.all(Array.from({ length: 100 }, (_, i) => cursor.commit(i + 1)));
  assert.deepEqual([fake.cursorCommits, cursor.position], [[1, 100], 100]);
  await waldo.close();
});

test('a commit that fails leaves the position, and can be made again', async () => {
  const { waldo, fake } = await openFake();
  await waldo.append(['1', '2', '3']);
  const cursor = await waldo.durableCursor('a');
  fake.cursorFailure = IO_ERROR;
  await assert.rejects(cursor.commit(2), withCode('WALDO_IO'));
  assert.equal(cursor.position, 0);
  fake.cursorFailure = undefined;
  await cursor.commit(1);
  assert.equal(cursor.position, 1);
  await waldo.close();
});

test('a closed cursor says so; closing the ring closes its cursors', async () => {
  const { waldo } = await openFake();
  await waldo.append(['1']);
  const [cursor, other] = [await waldo.durableCursor('a'), await waldo.durableCursor('b')];
  await cursor.close();
  await cursor.close();
  await assert.rejects(cursor.commit(1), withCode('WALDO_CLOSED', /cursor a is closed/));
  assert.throws(() => cursor.tail(), withCode('WALDO_CLOSED'));
  const committed = other.commit(1);
  await waldo.close();
  await committed;
  await assert.rejects(other.commit(1), withCode('WALDO_CLOSED'));
  await assert.rejects(waldo.durableCursor('a'), withCode('WALDO_CLOSED'));
});
