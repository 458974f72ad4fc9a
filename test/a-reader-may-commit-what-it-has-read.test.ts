import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openWaldoReader } from '../src/reader.js';
import { openFake } from './support/rings.js';

test('a reader can commit what it was delivered, before it is told how far the writer has got', async () => {
  const { waldo, fake } = await openFake();
  await waldo.append(['a', 'b', 'c']);
  await waldo.close();
  const later = fake.logs.splice(1);
  const reader = await openWaldoReader(fake.binding, '/ring', {});
  const cursor = await reader.durableCursor('fast');
  const stream = cursor.tail();
  // Another process appends; what is read from the disk goes beyond the reader's tip.
  fake.logs.push(...later);
  const { value: logs } = await stream.next();
  assert.equal(logs!.lastSeqNo, 3);
  await cursor.commit(3);
  assert.equal(cursor.position, 3);
  await reader.close();
});
