// terminate-workers DIR COUNT: one worker after another opens the ring and is terminated at some moment.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Cursor, Waldo, type WaldoError } from '../../src/index.js';
import { SMALL } from '../integration/support/workspace.js';

/** What a worker does before it is terminated, and what it goes on doing meanwhile. */
const MOMENTS = ['opening', 'appending', 'reading', 'verifying', 'closing', 'exiting', 'idle'] as const;

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
    await once(worker, 'message');
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
  const waldo = await Waldo.open(directory, { ...SMALL, cacheBytes: 0 });
  const append = async () => {
    for (;;) tell(await waldo.append(['x'.repeat(700)]));
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
  if (moment === 'verifying') verify();
  if (moment === 'closing' || moment === 'exiting') await waldo.append(['y']);
  if (moment === 'closing') waldo.close();
  if (moment === 'exiting') process.exit();
}
