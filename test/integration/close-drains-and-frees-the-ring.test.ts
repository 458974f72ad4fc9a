import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../../src/index.js';
import { textsOf, withCode } from '../support/rings.js';
import { SMALL, Workspace } from './support/workspace.js';

test('everything appended before close, waiting appends included, is durable after it', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({
    ...SMALL,
    fileCapacity: 1024 * 1024,
    bufCapacity: 4096,
    poolSize: 2,
    queueDepth: 1,
  });
  const texts = Array.from({ length: 300 }, (_, i) => `${i}`.padEnd(1500, '.'));
  const appends = texts.map((text) => waldo.append([text]));
  const closed = waldo.close();
  await assert.rejects(waldo.append(['too late']), withCode('WALDO_CLOSED'));
  assert.throws(() => waldo.appendSync(['too late']), withCode('WALDO_CLOSED'));
  await closed;
  assert.deepEqual(
    await Promise.all(appends),
    texts.map((_, i) => i + 1),
  );
  const again = await space.open({});
  assert.equal(again.metadata().recovery.outcome, 'clean');
  assert.deepEqual(await textsOf(again.query(Cursor.trim())), texts);
});

test('closing again, at once or later, is the same close', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  waldo.append(['a']);
  const first = waldo.close();
  assert.equal(waldo.close(), first);
  await first;
  await waldo.close();
  await waldo[Symbol.asyncDispose]();
  // It did not close what somebody else has opened meanwhile.
  const next = await space.open();
  await waldo.close();
  assert.equal(await next.append(['b']), 2);
});

test('reads and verifications under way come to an end, one way or the other', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, cacheBytes: 0 });
  for (let i = 0; i < 100; i++) waldo.appendSync(['x'.repeat(1000)]);
  const tails = Array.from({ length: 10 }, () => waldo.tail(Cursor.tip()).next());
  const reads = Array.from({ length: 10 }, (_, i) => waldo.query(Cursor.after(40 + i)).next());
  const verified = waldo.verify();
  await waldo.close();
  for (const result of await Promise.all(tails)) assert.equal(result.done, true);
  for (const { done, value } of await Promise.all(reads)) assert(done || value.length > 0);
  await verified.catch(withCode('WALDO_CLOSED'));
  assert.throws(() => waldo.query(Cursor.trim()), withCode('WALDO_CLOSED'));
  assert.throws(() => waldo.metadata(), withCode('WALDO_CLOSED'));
});

test('logs that were read before stay as they are', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  await waldo.append(['kept']);
  const { value: logs } = await waldo.query(Cursor.trim()).next();
  const log = logs!.at(0)!;
  await waldo.close();
  const next = await space.open();
  for (let i = 0; i < 200; i++) next.appendSync(['x'.repeat(1000)]);
  assert.equal(log.text(), 'kept');
  assert.equal(log.validate(), true);
});
