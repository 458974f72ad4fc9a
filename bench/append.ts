import type { WaldoOptions } from 'waldo';
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
  ringOptions,
  type WriteMode,
} from './rings.js';
import type { Context, Figures, Scale, Suite, Trial } from './suite.js';

const KIB = 1024;
const MIB = 2 ** 20;

/** Payload bytes, batch bytes, direct, O_DSYNC, bytes of a page if they are not the usual ones. */
type Row = readonly [payload: number, batch: number, direct: boolean, dsync: boolean, page?: number];

const ROWS: readonly Row[] = [
  [1000, 2 * MIB, true, true],
  [1000, 2 * MIB, true, true, 256 * MIB],
  [100, 2 * MIB, true, true],
  [100, 2 * MIB, true, true, 256 * MIB],
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

/** Appends under way at once: some are written while the next are packed. */
const IN_FLIGHT = 8;

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

function trial([payload, batch, direct, dsync, page]: Row, scale: Scale): Trial {
  const mode: WriteMode = { directIo: direct ? 'auto' : false, fileODsync: dsync };
  const options = { ...mode, ...(page !== undefined && { fileCapacity: page }) };
  const pages = page === undefined ? '' : `, ${formatSize(page)} pages`;
  const { ringSize, fileCapacity } = { ...ringOptions(scale), ...options };
  return {
    name: `${payload} B logs, ${formatSize(batch)} batches, ${describeMode(mode)}${pages}`,
    metrics: { bytes: 'MB/s', logs: '1/s', cpu: 's/GB' },
    diskBytes: ringSize * fileCapacity + 2 * rawFileBytes({ scale }),
    prepare: (context) => fillRing(context, options, payload),
    run: (context) => appendBatches(context, options, payload, batch),
    baselines: rawWrites(batch, dsync, ({ bytesPerSecond }) => ({ bytes: bytesPerSecond / 1e6 })),
  };
}

async function appendBatches(
  context: Context,
  options: WaldoOptions,
  payload: number,
  batchBytes: number,
): Promise<Figures> {
  await using waldo = await openRing(context, options);
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
