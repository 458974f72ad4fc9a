import { type ObjectStore, Producer } from 'waldo/buffer';
import { countOf } from '../src/units.js';
import { payloads, repeat } from './rings.js';
import { quantiles } from './statistics.js';
import { inFolder, type Target, targets } from './stores.js';
import type { Context, Figures, Scale, Suite, Trial } from './suite.js';

const PAYLOAD = 100;
/** Entries of the manifest that producers find. */
const BACKLOGS = [0, 1_000, 100_000];

interface Row {
  readonly producers: number;
  /** Entries that the manifest has before. */
  readonly backlog: number;
}

function* rows(scale: Scale): Generator<Row> {
  const counts = scale.quick ? [1, 4] : scale.full ? [1, 2, 4, 8, 16, 32, 64] : [1, 4, 16, 64];
  for (const producers of counts) yield { producers, backlog: 0 };
  if (!scale.quick) for (const backlog of BACKLOGS.slice(1)) yield { producers: 1, backlog };
}

function trial(target: Target, row: Row): Trial {
  const backlog = row.backlog === 0 ? '' : `, ${countOf(row.backlog, 'entry', 'entries')} before`;
  return {
    name: `${target.name}, ${countOf(row.producers, 'producer')}${backlog}`,
    metrics: { batches: '1/s', 'durable p50': 'ms', 'durable p99': 'ms', conflicts: 'times', writes: '1/s' },
    diskBytes: 2 ** 28,
    run: (context) => inFolder(target, context, (store, folder) => contend(context, store, folder, row)),
  };
}

/** Each producer has four batches on their way; a call waits until its batch is durable. */
async function contend(
  { scale }: Context,
  store: ObjectStore,
  folder: string,
  { producers: count, backlog }: Row,
): Promise<Figures> {
  const manifestPath = `${folder}/manifest`;
  if (backlog > 0) await store.putIfAbsent(manifestPath, manifestOf(backlog, folder));
  const writes = countWrites(store, manifestPath);
  const producers = await Promise.all(
    Array.from({ length: count }, () =>
      Producer.open({ store, manifestPath, dataPathPrefix: folder, flushSizeBytes: 1 }),
    ),
  );
  const [entry] = payloads(1, PAYLOAD);
  const durations: number[] = [];
  const step = async (producer: Producer) => {
    const start = performance.now();
    const { watcher } = await producer.produce([entry!]);
    await watcher.awaitDurable();
    durations.push(performance.now() - start);
  };
  const all = await Promise.all(producers.map((producer) => repeat(scale.seconds, 4, () => step(producer))));
  const seconds = Math.max(...all);
  const conflicts = producers.reduce((sum, producer) => sum + producer.conflictRate() / 100, 0) / count;
  await Promise.all(producers.map((producer) => producer.close()));
  const { p50, p99 } = quantiles(durations);
  return {
    batches: durations.length / seconds,
    'durable p50': p50,
    'durable p99': p99,
    conflicts,
    writes: writes() / seconds,
  };
}

/** Counts the successful writes of one object from now on. */
function countWrites(store: ObjectStore, of: string): () => number {
  let writes = 0;
  for (const verb of ['putIfAbsent', 'putIfMatch'] as const) {
    const put = store[verb].bind(store) as (key: string, ...rest: unknown[]) => Promise<string>;
    store[verb] = async (key: string, ...rest: unknown[]) => {
      const version = await put(key, ...rest);
      if (key === of) writes++;
      return version;
    };
  }
  return () => writes;
}

/** A manifest with so many entries, without metadata. */
function manifestOf(entries: number, folder: string): Buffer {
  const location = Buffer.from(`${folder}/01ARZ3NDEKTSV4RRFFQ69G5FAV.batch`);
  const length = 4 + 8 + 2 + location.length + 4;
  const bytes = Buffer.alloc(entries * length + 22);
  for (let i = 0; i < entries; i++) {
    const at = i * length;
    bytes.writeUInt32LE(length - 4, at);
    bytes.writeBigUInt64LE(BigInt(i), at + 4);
    bytes.writeUInt16LE(location.length, at + 12);
    location.copy(bytes, at + 14);
  }
  const footer = entries * length;
  bytes.writeUInt32LE(entries, footer);
  bytes.writeBigUInt64LE(BigInt(entries), footer + 4);
  bytes.writeUInt16LE(1, footer + 20);
  return bytes;
}

export const manifest: Suite = {
  name: 'manifest',
  about:
    'producers that contend for one manifest, in a directory and in WALDO_BENCH_STORE; conflicts are per write',
  trials(scale) {
    return targets().flatMap((target) => [...rows(scale)].map((row) => trial(target, row)));
  },
};
