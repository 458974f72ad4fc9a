import assert from 'node:assert/strict';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { WaldoError } from '../../src/index.js';
import { withCode } from '../support/rings.js';
import { Script } from './support/script.js';
import { Workspace } from './support/workspace.js';

/** The error that names this process, or another, as the one that has the ring. */
function lockedBy(space: Workspace, pid: number | undefined): (error: WaldoError) => true {
  const holder = `process ${pid}`;
  return (error) => {
    withCode('WALDO_LOCKED', new RegExp(`${holder}\\b`))(error);
    assert(error.message.includes(space.ring), error.message);
    assert(error.holder!.startsWith(holder), error.holder);
    return true;
  };
}

async function assertLocked(space: Workspace, pid: number | undefined): Promise<void> {
  await assert.rejects(space.open(), lockedBy(space, pid));
  await assert.rejects(space.open({ salvage: true, directIo: false }), lockedBy(space, pid));
}

async function workerHolding(t: TestContext, space: Workspace): Promise<Worker> {
  const script = fileURLToPath(new URL('../scripts/hold-ring.js', import.meta.url));
  const worker = new Worker(script, { workerData: space.ring });
  t.after(() => worker.terminate());
  await once(worker, 'message');
  return worker;
}

async function processHolding(space: Workspace): Promise<Script> {
  const script = new Script('hold-ring', [space.ring]);
  assert.equal(await script.expectLine(), 'open');
  return script;
}

async function assertFree(space: Workspace, prevSeqNo: number | undefined): Promise<void> {
  const waldo = await space.open();
  assert.equal(waldo.prevSeqNo, prevSeqNo);
  await waldo.close();
}

test('a second open in the same thread is refused until the first is closed', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  await assertLocked(space, process.pid);
  assert.equal(await waldo.append(['the first one goes on']), 1);
  await waldo.close();
  await assertFree(space, 1);
});

test('of many opens at once, one succeeds', async (t) => {
  const space = new Workspace(t);
  const opens = await Promise.allSettled(Array.from({ length: 20 }, () => space.open()));
  const opened = opens.filter((result) => result.status === 'fulfilled');
  assert.equal(opened.length, 1);
  for (const result of opens) if (result.status === 'rejected') lockedBy(space, process.pid)(result.reason);
  await opened[0]!.value.close();
  await assertFree(space, undefined);
});

test('a path through a symbolic link or another spelling leads to the same lock', async (t) => {
  const space = new Workspace(t);
  await space.open();
  symlinkSync(space.ring, `${space.ring}-link`);
  await assert.rejects(space.open({}, `${space.ring}-link`), withCode('WALDO_LOCKED'));
  await assert.rejects(space.open({}, `${space.ring}/../ring/.`), withCode('WALDO_LOCKED'));
});

test('while a worker has it, the main thread is refused; once the worker has closed it, not', async (t) => {
  const space = new Workspace(t);
  const worker = await workerHolding(t, space);
  await assertLocked(space, process.pid);
  worker.postMessage('close');
  await once(worker, 'exit');
  await assertFree(space, 1);
});

test('while the main thread has it, a worker is refused', async (t) => {
  const space = new Workspace(t);
  await space.open();
  await assert.rejects(workerHolding(t, space), lockedBy(space, process.pid));
});

test('while another process has it, this one is refused; once that has closed it, not', async (t) => {
  const space = new Workspace(t);
  const script = await processHolding(space);
  await assertLocked(space, script.child.pid);
  script.say('close');
  assert.equal(await script.expectLine(), 'closed');
  await assertFree(space, 1);
  assert.equal((await script.ended).code, 0);
});

test('while this process has it, another is refused', async (t) => {
  const space = new Workspace(t);
  await space.open();
  const script = new Script('hold-ring', [space.ring]);
  const { code, stderr } = await script.ended;
  assert.equal(code, 1);
  assert.match(stderr, /WALDO_LOCKED/);
  assert.match(stderr, new RegExp(`locked by process ${process.pid}\\b`));
});

test('after SIGKILL of the process that had it, it is free', async (t) => {
  const space = new Workspace(t);
  for (let kills = 0; kills < 3; kills++) {
    const script = await processHolding(space);
    await script.kill();
    await assertFree(space, kills + 1);
  }
});

test('a child of the process that has it does not keep it locked', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  const child = new Script('wait');
  assert.equal(await child.expectLine(), 'waiting');
  await waldo.close();
  await assertFree(space, undefined);
  await child.kill();
});
