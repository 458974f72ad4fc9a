import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { openWaldoReader } from '../src/reader.js';
import { IO_ERROR } from './support/fake-engine.js';
import { hear, hearAppends } from './support/heard.js';
import { openFake, openManual, range, textsOf } from './support/rings.js';

test('an append is traced from the call to when it is durable', async (t) => {
  const heard = hearAppends(t);
  const { waldo, fake } = await openManual();
  const append = waldo.append(['one', Buffer.from('two')]);
  const call = { directory: '/ring', logs: 2, bytes: 64, sync: false };
  assert.deepEqual(
    heard.map(({ event, said }) => [event, said]),
    [
      ['start', call],
      ['end', call],
    ],
  );
  await fake.commit();
  await append;
  assert.deepEqual(
    heard.map(({ event }) => event),
    ['start', 'end', 'asyncStart', 'asyncEnd'],
  );
  assert.equal(heard[2]!.said.lastSeqNo, 2);
  assert.equal(new Set(heard.map(({ context }) => context)).size, 1, 'one context for all events');
});

test('an appendSync is traced as one step', async (t) => {
  const heard = hearAppends(t);
  const { waldo } = await openFake();
  assert.equal(waldo.appendSync(['a', 'b', 'c']), 3);
  assert.deepEqual(
    heard.map(({ event, said }) => [event, said.sync, said.lastSeqNo]),
    [
      ['start', true, undefined],
      ['end', true, 3],
    ],
  );
});

test('appends that are refused or fail end with an error', async (t) => {
  const heard = hearAppends(t);
  const { waldo, fake } = await openManual();
  const conflict = [{ seqNo: 9, prevSeqNo: 8, data: 'x' }];
  const append = waldo.append(['a']);
  await assert.rejects(waldo.append(conflict), { code: 'WALDO_SEQUENCE' });
  const events = (logs: number) =>
    heard.filter(({ said }) => said.logs === logs).map(({ event, said }) => [event, said.error]);
  const refused = heard.find(({ event }) => event === 'error')!.said.error as Error;
  assert.deepEqual(events(1).slice(2), [
    ['start', undefined],
    ['end', undefined],
    ['error', refused],
    ['asyncStart', refused],
    ['asyncEnd', refused],
  ]);
  fake.nextFailure = IO_ERROR;
  const rejected = assert.rejects(append, { code: 'WALDO_IO' });
  await fake.commit();
  await rejected;
  heard.length = 0;
  assert.throws(() => waldo.appendSync(conflict), { code: 'WALDO_IO' });
  assert.deepEqual(
    heard.map(({ event }) => event),
    ['start', 'error', 'end'],
  );
});

test('what is no batch is refused without an event', async (t) => {
  const heard = hearAppends(t);
  const { waldo } = await openFake();
  await assert.rejects(waldo.append([5 as unknown as string]), { code: 'WALDO_INVALID_ARGUMENT' });
  assert.deepEqual(heard, []);
  assert.equal(waldo.stats().appendsFailed, 1);
});

test('traced appends carry the context of their caller', async (t) => {
  const request = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const note = () => seen.push(request.getStore());
  const listeners = { start: note, asyncEnd: note };
  const channels = tracingChannel('waldo:append') as unknown as {
    subscribe(listeners: object): void;
    unsubscribe(listeners: object): void;
  };
  channels.subscribe(listeners);
  t.after(() => channels.unsubscribe(listeners));
  const { waldo } = await openFake();
  await Promise.all(['a', 'b'].map((name) => request.run(name, () => waldo.append([name]))));
  assert.deepEqual(seen, ['a', 'b', 'a', 'b']);
});

test('a commit tells what has become durable', async (t) => {
  const heard = hear(t, 'waldo:commit');
  const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 4 });
  const appends = range(1, 3).map((n) => waldo.append([`log ${n}`, Buffer.alloc(2000)]));
  await fake.commit(2);
  await fake.commit();
  await Promise.all(appends);
  assert.deepEqual(
    heard.map(({ microseconds, ...rest }) => {
      assert(microseconds >= 0);
      return rest;
    }),
    [
      { directory: '/ring', frames: 2, logs: 4, bytes: 2 * (32 + 2024), firstSeqNo: 1, lastSeqNo: 4 },
      { directory: '/ring', frames: 1, logs: 2, bytes: 32 + 2024, firstSeqNo: 5, lastSeqNo: 6 },
    ],
  );
  assert(heard.every(Object.isFrozen));
});

test('listeners may append, look and close', async (t) => {
  const { waldo, fake } = await openFake();
  let left = 3;
  const listen = () => {
    assert.equal(waldo.stats().appendsFailed, 0);
    if (left-- > 0) waldo.appendSync([`from a listener, ${left} left`]);
    else void waldo.close();
  };
  subscribe('waldo:commit', listen);
  t.after(() => unsubscribe('waldo:commit', listen));
  await waldo.append(['first']);
  await waldo.close();
  assert.equal(fake.logs.length, 4);
});

test('what a listener appends does not come between the parts of a large batch', async (t) => {
  const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 2 });
  let appended: Promise<number> | undefined;
  const listen = () => {
    appended ??= waldo.append(['by a listener']);
  };
  subscribe('waldo:commit', listen);
  t.after(() => unsubscribe('waldo:commit', listen));
  const logs = range(1, 20).map((i) => ({
    seqNo: 10 * i,
    prevSeqNo: 10 * (i - 1),
    data: Buffer.alloc(1500, i),
  }));
  assert.equal(waldo.appendSync(logs), 200);
  await fake.commit();
  assert.equal(await appended, 201);
  assert.equal(fake.texts.at(-1), 'by a listener');
});

test('pages that follow one another, and logs that are given up, are told of', async (t) => {
  const rotations = hear(t, 'waldo:rotate');
  const trims = hear(t, 'waldo:trim');
  const { waldo, fake } = await openFake({ ringSize: 3 });
  await waldo.append(['a', 'b']);
  assert.deepEqual([rotations.length, trims.length], [0, 0]);
  fake.page = 4;
  fake.trimmed = 1;
  await waldo.append(['c']);
  assert.deepEqual(
    rotations.map(({ page, slot }) => [page, slot]),
    [
      [1, 1],
      [2, 2],
      [3, 0],
      [4, 1],
    ],
  );
  assert.deepEqual(trims, [{ directory: '/ring', afterSeqNo: 1 }]);
  assert([...rotations, ...trims].every(Object.isFrozen));
});

test('who subscribes late is told of what comes, not of what was', async (t) => {
  const { waldo, fake } = await openFake();
  await waldo.append(['a']);
  fake.page = 7;
  fake.trimmed = 0;
  await waldo.append(['b']);
  const rotations = hear(t, 'waldo:rotate');
  await waldo.append(['c']);
  assert.equal(rotations.length, 0);
  fake.page = 8;
  await waldo.append(['d']);
  assert.deepEqual(
    rotations.map(({ page }) => page),
    [8],
  );
});

test('a read from disk tells what was read', async (t) => {
  const heard = hear(t, 'waldo:read');
  const { waldo, fake } = await openFake();
  await waldo.append(['a', 'b', 'c']);
  await textsOf(waldo.query(Cursor.trim()));
  assert.equal(heard.length, 0, 'what is in memory is not read');
  await waldo.close();
  const reader = await openWaldoReader(fake.binding, '/ring', {});
  await textsOf(reader.query(Cursor.after(1)));
  assert.equal(heard.length, 1);
  const { microseconds, ...rest } = heard[0]!;
  assert.deepEqual(rest, { directory: '/ring', bytes: 2 * 32, firstSeqNo: 2, lastSeqNo: 3 });
  assert(microseconds > 0 && Object.isFrozen(heard[0]));
});

test('an open tells what it found', async (t) => {
  const heard = hear(t, 'waldo:recover');
  const { waldo, fake } = await openFake();
  await waldo.close();
  await openWaldoReader(fake.binding, '/ring', {});
  assert.deepEqual(
    heard.map(({ outcome, readOnly, tornBytes }) => ({ outcome, readOnly, tornBytes })),
    [
      { outcome: 'created', readOnly: false, tornBytes: 0 },
      { outcome: 'created', readOnly: true, tornBytes: 0 },
    ],
  );
  assert(heard.every((message) => Object.isFrozen(message) && Object.isFrozen(message.gaps)));
});
