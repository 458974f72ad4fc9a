import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { turn } from './support/fake-engine.js';
import { openFake, openManual } from './support/rings.js';

test('the process is kept alive while appends are under way, and no longer', async () => {
  const { waldo, fake } = await openManual();
  assert.equal(fake.referenced, false);
  const first = waldo.append(['a']);
  assert.equal(fake.referenced, true);
  await turn();
  const second = waldo.append(['b']);
  await fake.commit(1);
  await first;
  assert.equal(fake.referenced, true);
  await fake.commit();
  await second;
  assert.equal(fake.referenced, false);
});

test('a waiting tail does not keep the process alive', async () => {
  const { waldo, fake } = await openFake();
  const tail = waldo.tail(Cursor.tip());
  const next = tail.next();
  await turn();
  assert.equal(fake.referenced, false);
  await tail.return();
  await next;
});

test('a read from disk does', async () => {
  const { waldo, fake } = await openFake({ cacheBytes: 0 });
  await waldo.append(['a']);
  const next = waldo.query(Cursor.trim()).next();
  assert.equal(fake.referenced, true);
  await next;
  assert.equal(fake.referenced, false);
});

test('so do verify and close', async () => {
  const { waldo, fake } = await openFake();
  const verified = waldo.verify();
  assert.equal(fake.referenced, true);
  await verified;
  assert.equal(fake.referenced, false);
  const closed = waldo.close();
  assert.equal(fake.referenced, true);
  await closed;
  assert.equal(fake.referenced, false);
});
