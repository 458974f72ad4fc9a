import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RingConsumer, Uploader } from '../../src/buffer/index.js';
import { failing, ScriptedStore } from '../buffer/support/scripted-store.js';
import { stateOf, withCode } from '../support/rings.js';
import { SMALL, Workspace } from './support/workspace.js';

const LOG = [Buffer.alloc(900)];
/** Three pages of 64 KiB, in which a commit of one log takes 1 KiB. */
const ROOM = 192;

/** A ring whose uploader cannot reach its store until `comeBack` is called. */
async function ringWithoutStore(space: Workspace, whenFull: 'wait' | 'reject') {
  const store = new ScriptedStore();
  const away = failing(Number.POSITIVE_INFINITY, ({ write }) => write);
  store.before = away;
  const waldo = await space.open({ ...SMALL, whenFull });
  const uploader = await Uploader.start(waldo, { store, flushInterval: 1 });
  const comeBack = () => {
    store.before = () => {};
  };
  return { store, waldo, uploader, comeBack };
}

async function countOf(store: ScriptedStore): Promise<number> {
  const consumer = await RingConsumer.open({ store });
  let count = 0;
  for await (const batch of consumer.batches({ follow: false })) {
    assert.equal(batch.prevSeqNo, count);
    count += batch.length;
  }
  await consumer.close();
  return count;
}

test('wait: appends wait until the store is back, and nothing is lost', async (t) => {
  const space = new Workspace(t);
  const { store, waldo, uploader, comeBack } = await ringWithoutStore(space, 'wait');
  for (let i = 0; i < ROOM; i++) await waldo.append(LOG);
  const waiting = Array.from({ length: 300 }, () => waldo.append(LOG));
  assert.equal(await stateOf(waiting[0]!), 'pending');
  comeBack();
  await Promise.all(waiting);
  await uploader.close();
  assert(uploader.stats().retries > 0);
  assert.equal(await countOf(store), ROOM + 300);
});

test('reject: appends are rejected until the store is back; what was acknowledged is shipped', async (t) => {
  const space = new Workspace(t);
  const { store, waldo, uploader, comeBack } = await ringWithoutStore(space, 'reject');
  for (let i = 0; i < ROOM; i++) await waldo.append(LOG);
  const full = withCode('WALDO_FULL', /cursor uploader holds/, { cursor: 'uploader', lag: ROOM });
  await assert.rejects(waldo.append(LOG), full);
  comeBack();
  await uploader.flush();
  for (let i = 0; i < 100; i++) await waldo.append(LOG);
  await uploader.close();
  assert.equal(await countOf(store), ROOM + 100);
});

test('what an uploader could not ship, the next one does, after the ring was opened again', async (t) => {
  const space = new Workspace(t);
  const { store, waldo, uploader, comeBack } = await ringWithoutStore(space, 'reject');
  for (let i = 0; i < ROOM; i++) await waldo.append(LOG);
  await uploader.close({ timeout: 1 });
  await waldo.close();
  comeBack();
  const again = await space.open({ ...SMALL, whenFull: 'reject' });
  await assert.rejects(again.append(LOG), withCode('WALDO_FULL'));
  const next = await Uploader.start(again, { store, follow: false });
  await next.finished;
  await again.append(LOG);
  assert.equal(await countOf(store), ROOM);
});
