// What node:fs calls of the same process notice of a ring that writes at full speed in a worker.

import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { rawFileBytes } from './raw.js';
import { fillRing, logsPerFrame, openRing, payloads, repeat, ringBytes } from './rings.js';
import { quantiles } from './statistics.js';
import type { Context, Figures, Scale, Trial } from './suite.js';

const PAYLOAD = 1000;

export function hostFsTrial(scale: Scale): Trial {
  return {
    name: 'fs.stat while the ring writes at full speed',
    metrics: { p50: 'µs', p99: 'µs', written: 'MB/s' },
    diskBytes: ringBytes(scale) + rawFileBytes({ scale }),
    prepare: (context) => fillRing(context),
    run: statBesideRing,
    baselines: [{ name: 'no ring', run: ({ directory, scale }) => statAll(directory, scale.seconds) }],
  };
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

async function statBesideRing(context: Context): Promise<Figures> {
  // A thread of its own: what remains in common are libuv's pool, the processors and the disk.
  const worker = new Worker(new URL(import.meta.url), { workerData: context });
  await once(worker, 'message');
  const figures = await statAll(context.directory, context.scale.seconds);
  worker.postMessage('stop');
  const [written] = (await once(worker, 'message')) as [number];
  return { ...figures, written };
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

if (!isMainThread) await writeUntilStopped(workerData as Context);
