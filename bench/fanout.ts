import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cursor, type LogStream, type Logs, type Waldo } from 'waldo';
import { countOf } from '../src/units.js';
import { rawReads } from './raw.js';
import { fillRing, openRing, payloads, ringBytes, ringOptions } from './rings.js';
import { Histogram } from './statistics.js';
import type { Context, Figures, Scale, Suite, Trial } from './suite.js';

const PAYLOAD = 100;
const LOGS = 1000;

interface Row {
  readonly readers: number;
  /** `Infinity`: each as soon as the one before is durable. */
  readonly commitsPerSecond: number;
  /** What a reader does with a chunk: `scan` looks at every log, `take` at the chunk only. */
  readonly visit: 'scan' | 'take';
}

const ROWS: readonly Row[] = [
  { readers: 1, commitsPerSecond: Infinity, visit: 'scan' },
  { readers: 100, commitsPerSecond: 100, visit: 'scan' },
  { readers: 1_000, commitsPerSecond: 100, visit: 'scan' },
  { readers: 1_000, commitsPerSecond: Infinity, visit: 'take' },
  { readers: 10_000, commitsPerSecond: 1, visit: 'scan' },
  { readers: 10_000, commitsPerSecond: 100, visit: 'scan' },
  { readers: 10_000, commitsPerSecond: 100, visit: 'take' },
  { readers: 10_000, commitsPerSecond: Infinity, visit: 'take' },
];

function* everything(): Generator<Row> {
  for (const visit of ['scan', 'take'] as const) {
    for (const readers of [1, 10, 100, 1_000, 10_000]) {
      for (const commitsPerSecond of [1, 10, 100, Infinity]) yield { readers, commitsPerSecond, visit };
    }
  }
}

function tipTrial(row: Row, scale: Scale): Trial {
  const pace = row.commitsPerSecond === Infinity ? 'full speed' : `${row.commitsPerSecond} commits/s`;
  return {
    name: `${countOf(row.readers, 'reader')}, ${pace}, ${row.visit}`,
    metrics: {
      delivered: 'MB/s',
      logs: '1/s',
      commits: '1/s',
      'delivery p50': 'ms',
      'delivery p99': 'ms',
      'loop delay p99': 'ms',
      rss: 'MB',
    },
    diskBytes: ringBytes(scale),
    prepare: (context) => fillRing(context),
    run: (context) => followTheTip(context, row),
  };
}

/** Readers at the tip, all in the writer's process, as one loop of JavaScript serves them. */
async function followTheTip(context: Context, row: Row): Promise<Figures> {
  await using waldo = await openRing(context);
  const readers = new Readers(waldo, row.readers, row.visit);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const commits = await readers.appendAtPace(waldo, row.commitsPerSecond, context.scale.seconds);
  await readers.caughtUp();
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  const logs = commits * LOGS * row.readers;
  if (row.visit === 'scan' && readers.visited !== logs)
    throw new Error(`${readers.visited} logs were visited of ${logs}`);
  return {
    delivered: (logs * PAYLOAD) / seconds / 1e6,
    logs: logs / seconds,
    commits: commits / seconds,
    'delivery p50': readers.delivery.quantile(0.5),
    'delivery p99': readers.delivery.quantile(0.99),
    'loop delay p99': delay.percentile(99) / 1e6,
    rss: process.resourceUsage().maxRSS / 1e3,
  };
}

class Readers {
  /** From the call of `append` to the reader that has the logs. */
  readonly delivery = new Histogram();
  visited = 0;
  readonly #base: number;
  readonly #visit: Row['visit'];
  /** When each batch was appended. */
  readonly #calls: number[] = [];
  readonly #done: Promise<void>[];
  #last = Infinity;

  constructor(waldo: Waldo, count: number, visit: Row['visit']) {
    this.#base = waldo.prevSeqNo ?? 0;
    this.#visit = visit;
    this.#done = Array.from({ length: count }, () => this.#follow(waldo.tail(Cursor.after(this.#base))));
  }

  async appendAtPace(waldo: Waldo, commitsPerSecond: number, seconds: number): Promise<number> {
    const batch = payloads(LOGS, PAYLOAD);
    const start = performance.now();
    let commits = 0;
    while (performance.now() < start + seconds * 1000) {
      const due = start + (commits * 1000) / commitsPerSecond;
      if (due > performance.now()) await sleep(due - performance.now());
      this.#calls.push(performance.now());
      await waldo.append(batch);
      commits++;
    }
    this.#last = this.#base + commits * LOGS;
    // Wakes the readers that are there already, so that they see that this was all.
    await waldo.append(['end']);
    return commits;
  }

  async caughtUp(): Promise<void> {
    await Promise.all(this.#done);
  }

  async #follow(stream: LogStream): Promise<void> {
    let last = this.#base;
    let count = 0;
    const visit = (seqNo: number) => {
      if (seqNo !== last + 1) throw new Error(`log ${seqNo} came after ${last}`);
      last = seqNo;
      count++;
    };
    for (;;) {
      const { value: logs } = await stream.next();
      if (logs === undefined) throw new Error('a tail ended by itself');
      this.#received(logs);
      if (this.#visit === 'scan') logs.scan(visit);
      if (logs.lastSeqNo > this.#last) break;
    }
    await stream.return();
    // The log that ends it is none of those that count.
    this.visited += count > 0 ? count - 1 : 0;
  }

  #received(logs: Logs): void {
    const call = this.#calls[Math.floor((logs.lastSeqNo - this.#base - 1) / LOGS)];
    if (call !== undefined) this.delivery.record(performance.now() - call);
  }
}

function laggingTrial(readers: number, scale: Scale): Trial {
  return {
    name: `${countOf(readers, 'lagging reader')}, all of the ring`,
    metrics: {
      ring: 'MB/s',
      'ring, first time': 'MB/s',
      delivered: 'MB/s',
      'disk reads': 'times',
      rss: 'MB',
    },
    diskBytes: ringBytes(scale),
    prepare: (context) => fillRing(context),
    run: (context) => readFromDisk(context, readers),
    // As much memory as the cache of a ring has.
    baselines: rawReads(ringOptions(scale).bufCapacity, 2 ** 26, false, ({ bytesPerSecond }) => ({
      ring: bytesPerSecond / 1e6,
    })),
  };
}

/**
 * Readers that start at the same old cursor, none of it in memory; twice, since the system has to clear the memory
 * that the first ones are read into.
 */
async function readFromDisk(context: Context, readers: number): Promise<Figures> {
  await using waldo = await openRing(context);
  const stored = waldo.metadata().pages.reduce((sum, { bytes }) => sum + bytes, 0);
  const first = await timeToRead(waldo, readers);
  const before = diskReads();
  const seconds = await timeToRead(waldo, readers);
  const after = diskReads();
  return {
    ring: stored / seconds / 1e6,
    'ring, first time': stored / first / 1e6,
    delivered: (stored * readers) / seconds / 1e6,
    ...(before !== undefined && after !== undefined && { 'disk reads': (after - before) / stored }),
    rss: process.resourceUsage().maxRSS / 1e3,
  };
}

/** Seconds until all readers have seen all of the ring. */
async function timeToRead(waldo: Waldo, readers: number): Promise<number> {
  const start = performance.now();
  await Promise.all(
    Array.from({ length: readers }, async () => {
      let last = 0;
      for await (const logs of waldo.query(Cursor.trim())) last = logs.lastSeqNo;
      if (last !== waldo.prevSeqNo) throw new Error(`a reader ended at log ${last}`);
    }),
  );
  return (performance.now() - start) / 1000;
}

/** Bytes this process has had read from disks, where the system tells. */
function diskReads(): number | undefined {
  try {
    return Number(/^read_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

export const fanout: Suite = {
  name: 'fanout',
  about: `readers in the writer's process; a commit is ${LOGS} logs of ${PAYLOAD} B; delivery counts from the call of append`,
  trials(scale) {
    const few = { readers: 10, commitsPerSecond: 100, visit: 'scan' } as const;
    const rows = scale.quick ? [few] : scale.full ? [...everything()] : ROWS;
    const lagging = scale.quick ? [2] : [1, 1_000];
    return [
      ...rows.map((row) => tipTrial(row, scale)),
      ...lagging.map((readers) => laggingTrial(readers, scale)),
    ];
  },
};
