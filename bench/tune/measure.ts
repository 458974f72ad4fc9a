// The measurements of a sweep. Each is made in a process of its own, by measure-process.ts.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Cursor, type LogStream, type Waldo, type WaldoOptions } from 'waldo';
import { runWrites } from '../raw.js';
import { fillRing, logsPerFrame, openRing, packedBytes, payloads, repeat } from '../rings.js';
import { Histogram, quantiles } from '../statistics.js';
import type { Context, Figures } from '../suite.js';
import { DEFAULTS } from './trials.js';
import { appendBytes, type Workload } from './workload.js';

/** Something to do in a directory, mostly with the ring in there, which the first task makes. */
export type Task =
  /** Which ways of writing the filesystem takes. */
  | { readonly kind: 'probe'; readonly options: WaldoOptions }
  /** The raw loop: blocks of one size, one after the other, each durable. */
  | { readonly kind: 'raw'; readonly blockBytes: number; readonly direct: boolean }
  /** Appends until the ring has wrapped. With a workload, in commits such as it makes. */
  | { readonly kind: 'fill'; readonly options: WaldoOptions; readonly workload?: Workload }
  /** The workload's callers. With `oneByOne`, also one log at a time by `appendSync`. */
  | {
      readonly kind: 'append';
      readonly options: WaldoOptions;
      readonly workload: Workload;
      readonly oneByOne?: boolean;
    }
  /** The workload's callers and readers. */
  | { readonly kind: 'tail'; readonly options: WaldoOptions; readonly workload: Workload }
  /** Streams from random logs, and the workload's callers. */
  | { readonly kind: 'seek'; readonly options: WaldoOptions; readonly workload: Workload };

export async function measure(task: Task, context: Context): Promise<Figures> {
  if (task.kind === 'raw') {
    const { blockBytes, direct } = task;
    const raw = await runWrites(context, { blockBytes, direct, dsync: true, layout: 'filled' });
    return { bytes: raw.bytesPerSecond, p50: raw.p50 / 1e3, p99: raw.p99 / 1e3 };
  }
  const options = withSlabs(task.options);
  switch (task.kind) {
    case 'probe':
      return probe(options, context);
    case 'fill':
      await (task.workload ? fillWithCommits(options, task.workload, context) : fillRing(context, options));
      return {};
    case 'append':
      return measureAppends(options, task.workload, task.oneByOne === true, context);
    case 'tail':
      return measureTails(options, task.workload, context);
    case 'seek':
      return measureSeeks(options, task.workload, context);
  }
}

/** With the slabs that a ring has by default: where there is little room, `openRing` makes smaller ones. */
function withSlabs(options: WaldoOptions): WaldoOptions {
  const { fileCapacity = DEFAULTS.fileCapacity, bufCapacity = DEFAULTS.bufCapacity } = options;
  return { ...options, bufCapacity: Math.min(bufCapacity, fileCapacity) };
}

async function probe(options: WaldoOptions, context: Context): Promise<Figures> {
  await using waldo = await openRing(context, options);
  const { alignment, directIo } = waldo.metadata();
  return { alignment, direct: directIo ? 1 : 0 };
}

/** Frames like those of the workload, so that the index has as many places to point to. */
async function fillWithCommits(options: WaldoOptions, workload: Workload, context: Context): Promise<void> {
  await using waldo = await openRing(context, { ...options, fileODsync: false });
  const { ringSize, bufCapacity } = waldo.metadata();
  const most = logsPerFrame(workload.payload, bufCapacity);
  const commit = payloads(Math.min(most, workload.logs * workload.callers), workload.payload);
  while (newestPage(waldo) <= ringSize) waldo.appendSync(commit);
}

function newestPage(waldo: Waldo): number {
  return waldo.metadata().pages.at(-1)?.page ?? 0;
}

const MEMORY_FOR_BATCHES = 2 ** 24;

/** What the callers append: random, and different from call to call as far as memory allows. */
function makeBatches({ payload, logs }: Workload): Buffer[][] {
  const count = Math.min(64, Math.max(1, Math.floor(MEMORY_FOR_BATCHES / (logs * packedBytes(payload)))));
  return Array.from({ length: count }, () => payloads(logs, payload));
}

async function measureAppends(
  options: WaldoOptions,
  workload: Workload,
  oneByOne: boolean,
  context: Context,
): Promise<Figures> {
  const opening = performance.now();
  await using waldo = await openRing(context, options);
  const open = (performance.now() - opening) * 1000;
  const { alignment } = waldo.metadata();
  const figures = await callersAppend(waldo, workload, context.scale.seconds);
  if (!oneByOne) return { open, alignment, ...figures };
  const { p50, p99, p999 } = appendOneByOne(waldo, workload.payload, context.scale.seconds / 2);
  return { open, alignment, ...figures, 'sync p50': p50, 'sync p99': p99, 'sync p99.9': p999 };
}

/** Rates are per second, durations in microseconds. `bytes` are those of logs with their headers. */
async function callersAppend(waldo: Waldo, workload: Workload, seconds: number): Promise<Figures> {
  const batches = makeBatches(workload);
  const durations: number[] = [];
  let calls = 0;
  const step = async () => {
    const batch = batches[calls++ % batches.length]!;
    const before = performance.now();
    await waldo.append(batch);
    durations.push((performance.now() - before) * 1000);
  };
  // Compiled code warms up.
  await repeat(seconds / 5, workload.callers, step);
  durations.length = 0;
  const { commits } = waldo.metadata();
  const page = newestPage(waldo);
  const cpu = process.cpuUsage();
  const taken = await repeat(seconds, workload.callers, step);
  const { user, system } = process.cpuUsage(cpu);
  const appends = durations.length;
  const { p50, p99, p999 } = quantiles(durations);
  return {
    bytes: (appends * appendBytes(workload)) / taken,
    logs: (appends * workload.logs) / taken,
    commits: (waldo.metadata().commits - commits) / taken,
    pages: newestPage(waldo) - page,
    cpu: (user + system) / 1e6 / taken,
    p50,
    p99,
    'p99.9': p999,
  };
}

function appendOneByOne(waldo: Waldo, payload: number, seconds: number): ReturnType<typeof quantiles> {
  const logs = payloads(64, payload).map((log) => [log]);
  const durations: number[] = [];
  const start = performance.now();
  const counted = start + seconds * 200;
  const end = counted + seconds * 1000;
  for (let before = start; before < end; ) {
    waldo.appendSync(logs[durations.length % logs.length]!);
    const after = performance.now();
    if (before >= counted) durations.push((after - before) * 1000);
    before = after;
  }
  return quantiles(durations);
}

async function measureSeeks(options: WaldoOptions, workload: Workload, context: Context): Promise<Figures> {
  await using waldo = await openRing(context, options);
  const { afterSeqNo, logCount, indexSize } = waldo.metadata();
  const durations: number[] = [];
  const end = performance.now() + context.scale.seconds * 500;
  for (let before = performance.now(); before < end; ) {
    const after = afterSeqNo + Math.floor(Math.random() * logCount);
    const stream = waldo.query(Cursor.after(after));
    await stream.next();
    await stream.return();
    const now = performance.now();
    durations.push((now - before) * 1000);
    before = now;
  }
  const { p50, p99 } = quantiles(durations);
  const { bytes, logs } = await callersAppend(waldo, workload, context.scale.seconds / 2);
  return { 'seek p50': p50, 'seek p99': p99, index: indexSize, bytes: bytes!, logs: logs! };
}

async function measureTails(options: WaldoOptions, workload: Workload, context: Context): Promise<Figures> {
  await using waldo = await openRing(context, options);
  const batches = makeBatches(workload);
  const tails = new Tails(waldo, workload);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  let calls = 0;
  await repeat(context.scale.seconds, workload.callers, () => {
    tails.called.push(performance.now());
    return waldo.append(batches[calls++ % batches.length]!);
  });
  await tails.end(waldo);
  const taken = (performance.now() - start) / 1000;
  delay.disable();
  return {
    delivered: (calls * appendBytes(workload) * workload.readers) / taken,
    logs: (calls * workload.logs) / taken,
    bytes: (calls * appendBytes(workload)) / taken,
    'delivery p50': tails.delivery.quantile(0.5) * 1000,
    'delivery p99': tails.delivery.quantile(0.99) * 1000,
    'loop delay p99': delay.percentile(99) / 1e3,
    rss: process.resourceUsage().maxRSS * 1024,
  };
}

/** Readers at the tip that look at every log. */
class Tails {
  /** When each append was called. */
  readonly called: number[] = [];
  /** From the call of `append` to the reader that has its last log. */
  readonly delivery = new Histogram();
  readonly #base: number;
  readonly #logs: number;
  readonly #done: Promise<void>[];
  #last = Infinity;

  constructor(waldo: Waldo, { logs, readers }: Workload) {
    this.#base = waldo.prevSeqNo ?? 0;
    this.#logs = logs;
    this.#done = Array.from({ length: readers }, () => this.#follow(waldo.tail(Cursor.after(this.#base))));
    // If an append fails, `end` is never called, and that is the failure to tell.
    for (const done of this.#done) done.catch(() => {});
  }

  /** Settles when all readers have all logs. */
  async end(waldo: Waldo): Promise<void> {
    this.#last = this.#base + this.called.length * this.#logs;
    // Wakes those that are there already, so that they see that this was all.
    await waldo.append(['end']);
    await Promise.all(this.#done);
  }

  async #follow(stream: LogStream): Promise<void> {
    let sum = 0;
    for (;;) {
      const { value: logs } = await stream.next();
      if (logs === undefined) throw new Error('a tail ended by itself');
      // Sequence numbers are in the order of the calls.
      const call = this.called[Math.floor((logs.lastSeqNo - this.#base - 1) / this.#logs)];
      if (call !== undefined) this.delivery.record(performance.now() - call);
      logs.scan((seqNo) => {
        sum += seqNo;
      });
      if (logs.lastSeqNo > this.#last) break;
    }
    await stream.return();
    if (sum === 0) throw new Error('a reader saw nothing');
  }
}
