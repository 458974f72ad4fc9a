import assert from 'node:assert/strict';
import { tracingChannel } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { openWaldoReader } from '../src/reader.js';
import { hear, hearAppends } from './support/heard.js';
import { openFake, textsOf } from './support/rings.js';

test('without subscribers, no message is made and native code is asked for nothing', async (t) => {
  const { waldo, fake } = await openFake();
  const asked = fake.boundsAsked;
  const frozen = t.mock.method(Object, 'freeze');
  const traced = t.mock.method(Object.getPrototypeOf(tracingChannel('waldo:append')), 'tracePromise');
  for (let i = 0; i < 10; i++) await waldo.append(['a', 'b']);
  waldo.appendSync(['c']);
  assert.equal(fake.boundsAsked, asked);
  await waldo.close();
  const reader = await openWaldoReader(fake.binding, '/ring', {});
  await textsOf(reader.query(Cursor.after(3)));
  assert.equal(reader.stats().reads, 1);
  assert.equal(frozen.mock.callCount(), 0);
  assert.equal(traced.mock.callCount(), 0);
});

test('what is looked for above is found when there are subscribers', async (t) => {
  hear(t, 'waldo:commit');
  hear(t, 'waldo:rotate');
  hearAppends(t);
  const frozen = t.mock.method(Object, 'freeze');
  const traced = t.mock.method(Object.getPrototypeOf(tracingChannel('waldo:append')), 'tracePromise');
  const { waldo, fake } = await openFake();
  await waldo.append(['a']);
  assert(frozen.mock.callCount() > 0 && fake.boundsAsked > 0);
  assert.equal(traced.mock.callCount(), 1);
});

test('after the last subscriber has gone, it is as before', async (t) => {
  const { waldo, fake } = await openFake();
  await t.test('while somebody listens', async (t) => {
    hear(t, 'waldo:rotate');
    await waldo.append(['a']);
  });
  const asked = fake.boundsAsked;
  await waldo.append(['b']);
  assert.equal(fake.boundsAsked, asked);
});
