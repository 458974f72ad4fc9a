import { formatSize } from '../src/units.js';
import { rawFileBytes, rawWrites } from './raw.js';
import {
  describeMode,
  fillRing,
  logsPerFrame,
  openRing,
  packedBytes,
  payloads,
  repeat,
  ringBytes,
  type WriteMode,
} from './rings.js';
import type { Context, Figures, Scale, Suite, Trial } from './suite.js';

const KIB = 1024;
const MIB = 2 ** 20;

/** Payload bytes, batch bytes, direct, O_DSYNC. */
type Row = readonly [payload: number, batch: number, direct: boolean, dsync: boolean];

const ROWS: readonly Row[] = [
  [1000, 2 * MIB, true, true],
  [100, 2 * MIB, true, true],
  [16, 2 * MIB, true, true],
  [64 * KIB, 2 * MIB, true, true],
  [1000, 64 * KIB, true, true],
  [1000, 4 * KIB, true, true],
  [100, 512, true, true],
  [1000, 2 * MIB, false, true],
  [1000, 2 * MIB, true, false],
  [1000, 2 * MIB, false, false],
];

const QUICK: readonly Row[] = [
  [1000, 64 * KIB, true, true],
  [16, 512, false, false],
];

/** Appends under way at once: one is written while the next is packed. */
const IN_FLIGHT = 4;

function* everything(): Generator<Row> {
  for (const dsync of [true, false]) {
    for (const direct of [true, false]) {
      for (const payload of [16, 100, 1000, 4 * KIB, 16 * KIB, 64 * KIB]) {
        for (const batch of [512, 4 * KIB, 64 * KIB, 512 * KIB, 2 * MIB]) {
          if (packedBytes(payload) + 96 <= batch) yield [payload, batch, direct, dsync];
        }
      }
    }
  }
}

function trial([payload, batch, direct, dsync]: Row, scale: Scale): Trial {
  const mode: WriteMode = { directIo: direct ? 'auto' : false, fileODsync: dsync };
  return {
    name: `${payload} B logs, ${formatSize(batch)} batches, ${describeMode(mode)}`,
    metrics: { bytes: 'MB/s', logs: '1/s', cpu: 's/GB' },
    diskBytes: ringBytes(scale) + 3 * rawFileBytes({ scale }),
    prepare: (context) => fillRing(context, mode, payload),
    run: (context) => appendBatches(context, mode, payload, batch),
    baselines: rawWrites(batch, dsync, ({ bytesPerSecond }) => ({ bytes: bytesPerSecond / 1e6 })),
  };
}

async function appendBatches(
  context: Context,
  mode: WriteMode,
  payload: number,
  batchBytes: number,
): Promise<Figures> {
  await using waldo = await openRing(context, mode);
  const batch = payloads(logsPerFrame(payload, batchBytes), payload);
  await repeat(context.scale.seconds / 10, IN_FLIGHT, () => waldo.append(batch));
  let batches = 0;
  const cpu = process.cpuUsage();
  const seconds = await repeat(context.scale.seconds, IN_FLIGHT, async () => {
    await waldo.append(batch);
    batches++;
  });
  const { user, system } = process.cpuUsage(cpu);
  const logs = batches * batch.length;
  return {
    bytes: (logs * packedBytes(payload)) / seconds / 1e6,
    logs: logs / seconds,
    cpu: (user + system) / 1e6 / ((logs * payload) / 1e9),
  };
}

export const append: Suite = {
  name: 'append',
  about: `batches, ${IN_FLIGHT} under way at once; bytes are those of logs with their headers, cpu is per GB of payload`,
  trials(scale) {
    const rows = scale.quick ? QUICK : scale.full ? [...everything()] : ROWS;
    return rows.map((row) => trial(row, scale));
  },
};
