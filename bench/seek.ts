import { Cursor, type Waldo } from 'waldo';
import { formatSize } from '../src/units.js';
import { rawReads } from './raw.js';
import { logsPerFrame, openRing, payloads } from './rings.js';
import { quantiles } from './statistics.js';
import type { Context, Figures, Scale, Suite, Trial } from './suite.js';

const PAYLOAD = 1000;
const FRAME = 4096;
/** What a stream asks the disk for at first. */
const FIRST_READ = 2 ** 18;

function options(scale: Scale, indexSparseBytes: number) {
  // No cache: each seek goes to the disk. Small frames: the index can be as dense as it likes.
  const fileCapacity = scale.quick ? 2 ** 19 : 2 ** 24;
  return { ringSize: 4, fileCapacity, bufCapacity: 2 ** 18, indexSparseBytes, cacheBytes: 0 };
}

function trial(indexSparseBytes: number, scale: Scale): Trial {
  const ring = options(scale, indexSparseBytes);
  const bytes = ring.ringSize * ring.fileCapacity;
  return {
    name: `an index entry every ${formatSize(indexSparseBytes)}`,
    metrics: { seeks: '1/s', p50: 'µs', p99: 'µs' },
    diskBytes: bytes,
    async prepare(context) {
      await using waldo = await openRing(context, { ...ring, fileODsync: false });
      const batch = payloads(logsPerFrame(PAYLOAD, FRAME), PAYLOAD);
      while (lastPage(waldo) <= ring.ringSize) waldo.appendSync(batch);
    },
    run: (context) => seekAround(context, ring),
    baselines: rawReads(FIRST_READ, FIRST_READ, true, ({ calls, seconds, p50, p99 }) => ({
      seeks: calls / seconds,
      p50: p50 / 1e3,
      p99: p99 / 1e3,
    })),
  };
}

function lastPage(waldo: Waldo): number {
  return waldo.metadata().pages.at(-1)?.page ?? 0;
}

async function seekAround(context: Context, ring: ReturnType<typeof options>): Promise<Figures> {
  await using waldo = await openRing(context, ring);
  const { afterSeqNo, logCount } = waldo.metadata();
  const durations: number[] = [];
  const start = performance.now();
  const end = start + context.scale.seconds * 1000;
  let before = start;
  while (before < end) {
    const cursor = afterSeqNo + Math.floor(Math.random() * logCount);
    const stream = waldo.query(Cursor.after(cursor));
    const { value: logs } = await stream.next();
    await stream.return();
    if (logs?.at(0)?.seqNo !== cursor + 1) throw new Error(`a seek after log ${cursor} went elsewhere`);
    const after = performance.now();
    durations.push((after - before) * 1000);
    before = after;
  }
  const { p50, p99 } = quantiles(durations);
  return { seeks: (durations.length / (before - start)) * 1000, p50, p99 };
}

export const seek: Suite = {
  name: 'seek',
  about: 'to the chunk after a random log, none of it in memory',
  trials(scale) {
    const distances = scale.quick ? [2 ** 16] : [2 ** 12, 2 ** 14, 2 ** 16, 2 ** 18];
    return distances.map((distance) => trial(distance, scale));
  },
};
