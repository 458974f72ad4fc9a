import { hostFsTrials } from './host-fs.js';
import { rawFileBytes, rawWrites } from './raw.js';
import {
  commitBytes,
  describeMode,
  fillRing,
  openRing,
  payloads,
  ringBytes,
  type WriteMode,
} from './rings.js';
import { quantiles } from './statistics.js';
import type { Context, Figures, Scale, Suite, Trial } from './suite.js';

type Row = readonly [call: 'appendSync' | 'append', payload: number, direct: boolean, dsync: boolean];

const ROWS: readonly Row[] = [
  ['appendSync', 1000, true, true],
  ['append', 1000, true, true],
  ['appendSync', 100, true, true],
  ['append', 100, true, true],
];

function* everything(): Generator<Row> {
  for (const dsync of [true, false]) {
    for (const direct of [true, false]) {
      for (const payload of [16, 100, 1000, 16 * 1024, 64 * 1024]) {
        yield ['appendSync', payload, direct, dsync];
        yield ['append', payload, direct, dsync];
      }
    }
  }
}

function trial([call, payload, direct, dsync]: Row, scale: Scale): Trial {
  const mode: WriteMode = { directIo: direct ? 'auto' : false, fileODsync: dsync };
  return {
    name: `${call}, ${payload} B, ${describeMode(mode)}`,
    metrics: { rate: '1/s', p50: 'µs', p99: 'µs', 'p99.9': 'µs' },
    diskBytes: ringBytes(scale) + 3 * rawFileBytes({ scale }),
    prepare: (context) => fillRing(context, mode),
    run: (context) => oneByOne(context, mode, call, payload),
    baselines: rawWrites(commitBytes(1, payload), dsync, (result) => ({
      rate: result.calls / result.seconds,
      p50: result.p50 / 1e3,
      p99: result.p99 / 1e3,
      'p99.9': result.p999 / 1e3,
    })),
  };
}

async function oneByOne(
  context: Context,
  mode: WriteMode,
  call: 'appendSync' | 'append',
  payload: number,
): Promise<Figures> {
  await using waldo = await openRing(context, mode);
  const logs = payloads(64, payload).map((log) => [log]);
  const durations: number[] = [];
  const start = performance.now();
  const counted = start + context.scale.seconds * 200;
  const end = counted + context.scale.seconds * 1000;
  let before = start;
  // At least one, however long it takes.
  for (let i = 0; before < end || durations.length === 0; i++) {
    const batch = logs[i % logs.length]!;
    if (call === 'append') await waldo.append(batch);
    else waldo.appendSync(batch);
    const after = performance.now();
    // What comes before is compiled code warming up.
    if (before >= counted) durations.push((after - before) * 1000);
    before = after;
  }
  const { p50, p99, p999 } = quantiles(durations);
  return { rate: (durations.length / (before - counted)) * 1000, p50, p99, 'p99.9': p999 };
}

export const latency: Suite = {
  name: 'latency',
  about: 'one log at a time; and what node:fs notices of a ring at full speed',
  trials(scale) {
    const rows = scale.quick ? ROWS.slice(0, 2) : scale.full ? [...everything()] : ROWS;
    return [...rows.map((row) => trial(row, scale)), ...hostFsTrials(scale)];
  },
};
