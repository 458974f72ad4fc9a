// terminate-workers DIR COUNT: one worker after another opens the ring and is terminated at some moment.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Cursor, type DurableCursor, Waldo, type WaldoError } from '../../src/index.js';
import { SMALL } from '../integration/support/workspace.js';

/** What a worker does before it is terminated, and what it goes on doing meanwhile. */
const MOMENTS = [
  'opening',
  'appending',
  'reading',
  'following',
  'held',
  'verifying',
  'closing',
  'throwing',
  'exiting',
  'exiting twice',
  'idle',
] as const;

const THROWN = 'thrown with appends in flight';

if (isMainThread) await terminateAll(process.argv[2]!, Number(process.argv[3]));
else await work(workerData.directory, workerData.moment);

async function terminateAll(directory: string, count: number): Promise<void> {
  let acknowledged = 0;
  for (let i = 0; i < count; i++) {
    const moment = MOMENTS[i % MOMENTS.length]!;
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { directory, moment } });
    worker.on('message', (seqNo: number) => {
      acknowledged = seqNo;
    });
    worker.on('error', (error: Error) => {
      if (error.message !== THROWN) throw error;
    });
    // Not once() of events: it rejects when a worker throws before its message has come.
    await new Promise((resolve) => worker.once('message', resolve).once('exit', resolve));
    await worker.terminate();
    // Fails if the worker's lock is not free.
    const waldo = await Waldo.open(directory, SMALL);
    const { problems } = await waldo.verify();
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    if ((waldo.prevSeqNo ?? 0) < acknowledged) {
      throw new Error(`${acknowledged} was acknowledged, ${waldo.prevSeqNo} is the last there: ${moment}`);
    }
    await waldo.append(['by the main thread']);
    await waldo.close();
    console.log(`${moment}: ${acknowledged}`);
  }
}

async function work(directory: string, moment: (typeof MOMENTS)[number]): Promise<void> {
  const tell = (seqNo: number) => parentPort!.postMessage(seqNo);
  if (moment === 'opening') tell(0);
  const held = moment === 'held' ? { whenFull: 'wait' as const } : {};
  const waldo = await Waldo.open(directory, { ...SMALL, cacheBytes: 0, ...held });
  const append = async () => {
    for (;;) {
      const seqNo = await waldo.append(['x'.repeat(700)]);
      if (moment !== 'held') tell(seqNo);
    }
  };
  const closed = (error: WaldoError) => {
    if (error.code !== 'WALDO_CLOSED') throw error;
  };
  if (moment !== 'idle') for (let caller = 0; caller < 50; caller++) append().catch(closed);
  else tell(await waldo.append(['the only one']));
  const read = async () => {
    for (;;) await waldo.query(Cursor.tip(), { wait: true }).next();
  };
  const verify = async () => {
    for (;;) await waldo.verify();
  };
  if (moment === 'reading') for (let reader = 0; reader < 50; reader++) read();
  if (moment === 'following') await follow(directory);
  if (moment === 'held') tell(await hold(directory));
  if (moment === 'verifying') verify();
  if (/closing|throwing|exiting/.test(moment)) await waldo.append(['y']);
  if (moment === 'closing') waldo.close();
  if (moment === 'throwing')
    setImmediate(() => {
      throw new Error(THROWN);
    });
  if (moment === 'exiting twice') process.on('exit', () => process.exit());
  if (moment.startsWith('exiting')) process.exit();
}

/** Tails that wait for another engine's commits, and a cursor that is being moved. */
async function follow(directory: string): Promise<void> {
  const reader = await Waldo.openReader(directory);
  const cursor = await reader.durableCursor('follower');
  const tail = async () => {
    for (;;) await reader.tail(Cursor.tip()).next();
  };
  for (let i = 0; i < 50; i++) tail();
  const move = async () => {
    for (;;) {
      await cursor.commit(reader.prevSeqNo ?? 0);
      // A commit that has nothing to write settles at once: without this, no append would ever be heard of.
      await turn();
    }
  };
  move();
}

/** Makes a cursor hold the oldest page, behind the writer's back: what was accepted before is stuck. */
async function hold(directory: string): Promise<number> {
  const reader = await Waldo.openReader(directory);
  for (let cursor: DurableCursor | undefined; cursor === undefined; ) {
    // There may be none to delete, and the ring may lap the one that is made.
    await reader.deleteCursor('stuck').catch(() => {});
    cursor = await reader.durableCursor('stuck', { hold: true, start: Cursor.trim() }).catch(() => undefined);
  }
  for (let before = -1; before !== reader.prevSeqNo; await sleep(30)) before = reader.prevSeqNo ?? 0;
  return reader.prevSeqNo ?? 0;
}
