import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Waldo } from 'waldo';
import { countOf } from '../src/units.js';
import type { Arrivals, Order } from './processes-reader.js';
import { fillRing, openRing, payloads, ringBytes } from './rings.js';
import { quantiles } from './statistics.js';
import type { Context, Figures, Scale, Suite, Trial } from './suite.js';

const READER = fileURLToPath(new URL('processes-reader.js', import.meta.url));

interface Row {
  readonly processes: number;
  /** `Infinity`: each as soon as the one before is durable. */
  readonly commitsPerSecond: number;
  readonly logs: number;
  readonly payload: number;
}

const ROWS: readonly Row[] = [
  { processes: 1, commitsPerSecond: 100, logs: 1, payload: 1000 },
  { processes: 8, commitsPerSecond: 100, logs: 1, payload: 1000 },
  { processes: 1, commitsPerSecond: Infinity, logs: 1, payload: 1000 },
  { processes: 1, commitsPerSecond: Infinity, logs: 1000, payload: 1000 },
  { processes: 4, commitsPerSecond: Infinity, logs: 1000, payload: 1000 },
];

function* everything(): Generator<Row> {
  for (const processes of [1, 2, 4, 8, 16]) {
    for (const commitsPerSecond of [1, 100, Infinity]) {
      for (const logs of [1, 1000]) yield { processes, commitsPerSecond, logs, payload: 1000 };
    }
  }
}

/** The clock that all processes of a machine share, in milliseconds. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** A tail in another process. */
class RemoteReader {
  readonly #child: ChildProcess;
  readonly ready: Promise<unknown>;

  constructor(directory: string) {
    this.#child = fork(READER, [directory], { serialization: 'advanced' });
    this.ready = this.#message();
  }

  /** What it received up to log `last`, once it has. */
  async arrivals(last: number): Promise<Arrivals> {
    this.#child.send({ last } satisfies Order);
    return (await this.#message()) as Arrivals;
  }

  #message(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#child.once('message', resolve);
      this.#child.once('exit', (code, signal) => reject(new Error(`a reader ended with ${signal ?? code}`)));
    });
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

function trial(row: Row, scale: Scale): Trial {
  const pace = row.commitsPerSecond === Infinity ? 'full speed' : `${row.commitsPerSecond} commits/s`;
  return {
    name: `${countOf(row.processes, 'process', 'processes')}, ${pace}, ${row.logs} × ${row.payload} B`,
    metrics: {
      delivered: 'MB/s',
      missed: 'times',
      commits: '1/s',
      'append p50': 'µs',
      'delivery p50': 'µs',
      'delivery p99': 'µs',
    },
    diskBytes: ringBytes(scale),
    prepare: (context) => fillRing(context),
    run: (context) => followInProcesses(context, row),
  };
}

async function followInProcesses(context: Context, row: Row): Promise<Figures> {
  await using waldo = await openRing(context);
  const directory = join(context.directory, 'ring');
  const readers = Array.from({ length: row.processes }, () => new RemoteReader(directory));
  try {
    await Promise.all(readers.map(({ ready }) => ready));
    const start = now();
    const { calls, durable } = await appendAtPace(waldo, row, context.scale.seconds);
    const all = await Promise.all(readers.map((reader) => reader.arrivals(waldo.prevSeqNo!)));
    const seconds = (now() - start) / 1000;
    const delays = all.flatMap((arrivals) => delaysOf(arrivals, durable));
    const { p50, p99 } = quantiles(delays);
    return {
      delivered: (delays.length * row.logs * row.payload) / seconds / 1e6,
      missed: (durable.length * row.processes - delays.length) / durable.length / row.processes,
      commits: durable.length / seconds,
      'append p50': quantiles(durable.map(({ at }, i) => (at - calls[i]!) * 1000)).p50,
      'delivery p50': p50 * 1000,
      'delivery p99': p99 * 1000,
    };
  } finally {
    for (const reader of readers) reader.end();
  }
}

/** Milliseconds from durable to delivered, for each commit whose last log was delivered. */
function delaysOf({ firstSeqNos, lastSeqNos, times }: Arrivals, durable: readonly Durable[]): number[] {
  const delays: number[] = [];
  let chunk = 0;
  for (const { seqNo, at } of durable) {
    while (lastSeqNos[chunk]! < seqNo) chunk++;
    if (firstSeqNos[chunk]! <= seqNo) delays.push(times[chunk]! - at);
  }
  return delays;
}

interface Durable {
  readonly seqNo: number;
  readonly at: number;
}

/** Appends batch by batch; when each was appended, and when it was durable. */
async function appendAtPace(waldo: Waldo, row: Row, seconds: number) {
  const batch = payloads(row.logs, row.payload);
  const calls: number[] = [];
  const durable: Durable[] = [];
  const start = now();
  do {
    const due = start + (calls.length * 1000) / row.commitsPerSecond;
    if (due > now()) await sleep(due - now());
    calls.push(now());
    const seqNo = await waldo.append(batch);
    durable.push({ seqNo, at: now() });
  } while (now() < start + seconds * 1000);
  return { calls, durable };
}

export const processes: Suite = {
  name: 'processes',
  about:
    'tails in other processes; delivery counts from when the append is acknowledged; a reader looks at every log',
  trials(scale) {
    const few = { processes: 2, commitsPerSecond: 100, logs: 1, payload: 1000 } as const;
    const rows = scale.quick ? [few] : scale.full ? [...everything()] : ROWS;
    return rows.map((row) => trial(row, scale));
  },
};
