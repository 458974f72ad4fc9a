import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { Waldo } from 'waldo';
import { type Compression, Uploader } from 'waldo/buffer';
import { formatSize } from '../src/units.js';
import { fillRing, ringOptions } from './rings.js';
import { inFolder, type Target, targets } from './stores.js';
import type { Context, Figures, Scale, Suite, Trial } from './suite.js';

const CONCURRENCY = 4;

interface Row {
  readonly payload: number;
  readonly compression: Compression;
}

const ROWS: readonly Row[] = [
  { payload: 1000, compression: 'none' },
  { payload: 100, compression: 'none' },
  { payload: 1000, compression: 'zstd' },
];

/** A ring that takes long enough for starting and ending not to count. */
const PAGES = 16;

const pageBytes = (scale: Scale) => ringOptions(scale).fileCapacity;
/** Bytes of a batch. */
const batchBytes = (scale: Scale) => (scale.quick ? 2 ** 16 : 2 ** 23);

function trial(target: Target, { payload, compression }: Row, scale: Scale): Trial {
  const zstd = compression === 'zstd' ? ', zstd' : '';
  return {
    name: `${target.name}, ${payload} B logs, ${formatSize(batchBytes(scale))} batches${zstd}`,
    metrics: { bytes: 'MB/s', logs: '1/s', cpu: 's/GB' },
    diskBytes: 2 * PAGES * pageBytes(scale),
    prepare: (context) => fillRing(context, { ringSize: PAGES }, payload),
    run: (context) =>
      inFolder(target, context, (store, folder) => upload(context, { store, folder, compression })),
    baselines: [
      {
        name: `the files copied, ${CONCURRENCY} puts side by side`,
        run: (context) => inFolder(target, context, (store, folder) => copy(context, { store, folder })),
      },
    ],
  };
}

interface Place {
  readonly store: Parameters<Parameters<typeof inFolder>[2]>[0];
  readonly folder: string;
}

/** Ships the whole ring, as an uploader beside the writer does. */
async function upload(
  { directory, scale }: Context,
  { store, folder, compression }: Place & { readonly compression: Compression },
): Promise<Figures> {
  const cursor = `bench-${ulid()}`;
  const ring = join(directory, 'ring');
  const cpu = process.cpuUsage();
  const start = performance.now();
  const uploader = await Uploader.start(ring, {
    store,
    cursor,
    compression,
    follow: false,
    dataPathPrefix: folder,
    manifestPath: `${folder}/manifest`,
    flushSizeBytes: batchBytes(scale),
    maxConcurrentUploads: CONCURRENCY,
  });
  await uploader.finished;
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { logs, bytes } = uploader.stats();
  await uploader.close();
  await using reader = await Waldo.openReader(ring);
  await reader.deleteCursor(cursor);
  return { bytes: bytes / seconds / 1e6, logs: logs / seconds, cpu: (user + system) / 1e6 / (bytes / 1e9) };
}

/** Copies the pages' files, in pieces of a batch's size. */
async function copy({ directory, scale }: Context, { store, folder }: Place): Promise<Figures> {
  const ring = join(directory, 'ring');
  const pages = (await readdir(ring)).filter((name) => name.endsWith('.page')).sort();
  const pieces = pages.slice(1).flatMap((name) => piecesOf(join(ring, name), scale));
  let next = 0;
  const lane = async () => {
    while (next < pieces.length) {
      const piece = pieces[next++]!;
      await store.putIfAbsent(`${folder}/${next}`, await readPiece(piece));
    }
  };
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const bytes = pieces.length * batchBytes(scale);
  return { bytes: bytes / seconds / 1e6, cpu: (user + system) / 1e6 / (bytes / 1e9) };
}

interface Piece {
  readonly path: string;
  readonly position: number;
  readonly length: number;
}

function piecesOf(path: string, scale: Scale): Piece[] {
  const length = batchBytes(scale);
  const count = Math.floor(pageBytes(scale) / length);
  return Array.from({ length: count }, (_, i) => ({ path, length, position: i * length }));
}

async function readPiece({ path, position, length }: Piece): Promise<Buffer> {
  await using file = await open(path);
  const bytes = Buffer.allocUnsafeSlow(length);
  await file.read(bytes, 0, length, position);
  return bytes;
}

export const uploads: Suite = {
  name: 'upload',
  about: `a ring of random bytes is shipped to a directory, and to WALDO_BENCH_STORE; ${CONCURRENCY} uploads side by side`,
  trials(scale) {
    const rows = scale.quick ? ROWS.slice(0, 1) : ROWS;
    return targets().flatMap((target) => rows.map((row) => trial(target, row, scale)));
  },
};
