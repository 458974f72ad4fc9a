// writer DIR PLAN: opens a ring, several callers append batches for ever; until killed, or until the plan says close.
// Every line is written before the writer goes on, so that what it said before the kill was said:
// opening · open · sub CALLER BATCH · ack LAST CALLER BATCH · ask POSITION · done POSITION · closing · closed
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { type DurableCursor, Waldo, type WaldoError } from '../../../src/index.js';
import { batchOf } from '../../integration/support/kill-batches.js';
import { LINES_FD } from './child.js';
import type { WriterPlan } from './plan.js';

const [directory, json] = isMainThread ? process.argv.slice(2) : (workerData as string[]);
const plan = JSON.parse(json!) as WriterPlan;
let closing = false;

if (isMainThread && plan.worker) {
  new Worker(fileURLToPath(import.meta.url), { workerData: [directory, json] });
} else {
  await write(directory!);
}

function say(line: string): void {
  writeSync(LINES_FD, `${line}\n`);
}

async function write(ring: string): Promise<void> {
  say('opening');
  const waldo = await Waldo.open(ring, plan.options);
  say('open');
  const cursor = plan.cursor === 'none' ? undefined : await openCursor(waldo);
  let acknowledged = 0;
  let closed: Promise<void> | undefined;
  const onAck = () => {
    if (++acknowledged === plan.closeAfter) closed = close(waldo);
  };
  const work = Array.from({ length: plan.callers }, (_, caller) => call(waldo, caller, onAck));
  if (cursor !== undefined) work.push(consume(waldo, cursor));
  await Promise.all(work);
  await closed;
  process.exit(0);
}

async function call(waldo: Waldo, caller: number, onAck: () => void): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  let closed = false;
  for (let batch = 0; !closed; batch++) {
    const logs = batchOf({ run: plan.run, caller, batch });
    const acknowledge = (last: number) => {
      say(`ack ${last} ${caller} ${batch}`);
      onAck();
    };
    say(`sub ${caller} ${batch}`);
    // One caller in four blocks, as an exit hook would. A held page would be an error to it.
    if (caller % 4 === 3 && batch % 8 === 0 && plan.cursor !== 'hold') {
      try {
        acknowledge(waldo.appendSync(logs));
      } catch (error) {
        closed = isClosed(error);
      }
      continue;
    }
    const append: Promise<void> = waldo
      .append(logs)
      .then(acknowledge, (error) => {
        closed = isClosed(error);
      })
      .finally(() => inFlight.delete(append));
    inFlight.add(append);
    if (inFlight.size >= plan.inFlight) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
}

async function openCursor(waldo: Waldo): Promise<DurableCursor> {
  // Where it begins if it is new: anything up to the tip.
  say(`ask ${waldo.prevSeqNo ?? 0}`);
  const cursor = await waldo.durableCursor('consumer', { hold: plan.cursor === 'hold' });
  say(`done ${cursor.position}`);
  return cursor;
}

async function consume(waldo: Waldo, cursor: DurableCursor): Promise<void> {
  try {
    for (;;) {
      const position = waldo.prevSeqNo ?? 0;
      say(`ask ${position}`);
      await cursor.commit(position);
      say(`done ${cursor.position}`);
      // A commit that has nothing to write settles at once: without this, nothing else would ever run.
      await setImmediate();
    }
  } catch (error) {
    isClosed(error);
  }
}

async function close(waldo: Waldo): Promise<void> {
  closing = true;
  say('closing');
  await waldo.close();
  say('closed');
}

/** The only errors that are expected, and only of who closes the ring: what waited for the cursor then is given up. */
function isClosed(error: unknown): true {
  const { code } = error as WaldoError;
  const expected = code === 'WALDO_CLOSED' || (code === 'WALDO_FULL' && plan.cursor === 'hold');
  if (!expected || !closing) throw error;
  return true;
}
