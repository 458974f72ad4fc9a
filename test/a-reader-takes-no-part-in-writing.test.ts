import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { openWaldoReader } from '../src/reader.js';
import { FakeEngine } from './support/fake-engine.js';
import { openFake, seqNosOf, stateOf, textsOf, withCode } from './support/rings.js';

async function closedRing(...texts: string[]): Promise<FakeEngine> {
  const { waldo, fake } = await openFake();
  await waldo.append(texts);
  await waldo.close();
  return fake;
}

test('it reads what is there', async () => {
  const fake = await closedRing('a', 'b', 'c');
  const reader = await openWaldoReader(fake.binding, '/ring', {});
  assert.equal(fake.options!.readOnly, true);
  assert.equal(reader.prevSeqNo, 3);
  assert.deepEqual(await textsOf(reader.query(Cursor.trim())), ['a', 'b', 'c']);
  assert.deepEqual(await seqNosOf(reader.query(Cursor.from(3))), [3]);
  assert.equal(reader.metadata().logCount, 3);
  assert.equal((await reader.verify()).problems.length, 0);
  assert.equal('append' in reader, false);
  await reader.close();
  assert.equal(fake.closed, true);
});

test('a tail waits until the reader is closed', async () => {
  const reader = await openWaldoReader((await closedRing('a')).binding, '/ring', {});
  const tail = reader.tail(Cursor.trim());
  assert.equal((await tail.next()).value!.length, 1);
  const next = tail.next();
  assert.equal(await stateOf(next), 'pending');
  await reader.close();
  assert.equal((await next).done, true);
});

test('a directory without a ring is not found', async () => {
  const fake = new FakeEngine();
  fake.openFailure = { code: 11, message: 'there is no ring in /ring' };
  await assert.rejects(openWaldoReader(fake.binding, '/ring', {}), withCode('WALDO_NOT_FOUND', /no ring in/));
});
