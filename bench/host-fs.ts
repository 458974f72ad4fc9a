// What node:fs calls of the same process notice of a ring that writes at full speed in a worker.

import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fillRing, logsPerFrame, openRing, payloads, repeat, ringBytes } from './rings.js';
import { quantiles } from './statistics.js';
import type { Baseline, Context, Figures, Scale, Trial } from './suite.js';

const PAYLOAD = 1000;

/** What the other thread does. */
type Load = 'ring' | 'computing';

export function hostFsTrials(scale: Scale): Trial[] {
  const alone: Baseline = {
    name: 'no ring',
    run: ({ directory, scale }) => statAll(directory, scale.seconds),
  };
  return [
    {
      name: 'fs.stat while the ring writes at full speed',
      metrics: { p50: 'µs', p99: 'µs', written: 'MB/s' },
      diskBytes: ringBytes(scale),
      prepare: (context) => fillRing(context),
      run: (context) => statBeside('ring', context),
      baselines: [alone],
    },
    {
      // What fewer free processors cost, whoever keeps them busy: a ring at full speed is two threads' work.
      name: 'fs.stat while two threads compute',
      metrics: { p50: 'µs', p99: 'µs' },
      diskBytes: 0,
      run: (context) => statBeside('computing', context),
      baselines: [alone],
    },
  ];
}

async function statAll(directory: string, seconds: number): Promise<Figures> {
  const durations: number[] = [];
  await repeat(seconds, 1, async () => {
    const before = performance.now();
    await stat(directory);
    durations.push((performance.now() - before) * 1000);
  });
  const { p50, p99 } = quantiles(durations);
  return { p50, p99 };
}

async function statBeside(what: Load, context: Context): Promise<Figures> {
  // Threads of their own: what remains in common are libuv's pool, the processors and the disk.
  const workers = Array.from(
    { length: what === 'ring' ? 1 : 2 },
    () => new Worker(new URL(import.meta.url), { workerData: { what, context } }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const figures = await statAll(context.directory, context.scale.seconds);
  const answers = workers.map((worker) => once(worker, 'message'));
  for (const worker of workers) worker.postMessage('stop');
  const [[written]] = (await Promise.all(answers)) as [[number | undefined]];
  return written === undefined ? figures : { ...figures, written };
}

/** Turns of the event loop apart, so that the word to stop is heard. */
async function computeUntilStopped(): Promise<void> {
  let stopped = false;
  parentPort!.once('message', () => {
    stopped = true;
  });
  parentPort!.postMessage('computing');
  while (!stopped) {
    for (const end = performance.now() + 5; performance.now() < end; );
    await setImmediate();
  }
  parentPort!.postMessage(undefined);
}

async function writeUntilStopped(context: Context): Promise<void> {
  await using waldo = await openRing(context);
  const batch = payloads(logsPerFrame(PAYLOAD, waldo.metadata().bufCapacity), PAYLOAD);
  let stopped = false;
  parentPort!.once('message', () => {
    stopped = true;
  });
  let batches = 0;
  const start = performance.now();
  parentPort!.postMessage('writing');
  while (!stopped) {
    await Promise.all([waldo.append(batch), waldo.append(batch), waldo.append(batch)]);
    batches += 3;
  }
  const seconds = (performance.now() - start) / 1000;
  parentPort!.postMessage((batches * batch.length * PAYLOAD) / 1e6 / seconds);
}

if (!isMainThread) {
  const { what, context } = workerData as { what: Load; context: Context };
  await (what === 'ring' ? writeUntilStopped(context) : computeUntilStopped());
}
