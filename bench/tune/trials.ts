// The candidates of each stage, the most important first: what there is no time for falls off the end.

import type { WaldoOptions } from 'waldo';
import { countOf, formatSize } from '../../src/units.js';
import { logsPerFrame } from '../rings.js';
import type { Task } from './measure.js';
import type { Cost } from './plan.js';
import { appendBytes, groupBytes, smallestSlab, type Workload } from './workload.js';

const KIB = 1024;
const MIB = 2 ** 20;

export const DEFAULTS = {
  ringSize: 4,
  fileCapacity: 64 * MIB,
  bufCapacity: 2 * MIB,
  poolSize: 8,
  queueDepth: 64,
  indexSparseBytes: 64 * KIB,
  indexSparseCount: 4096,
  cacheBytes: 64 * MIB,
} as const;

const LARGEST_SLAB = 64 * MIB;
const FRAME_HEADER = 96;

/** One candidate: where its ring lies, how that is made, and what is measured. */
export interface Trial extends Cost {
  readonly at: Readonly<Record<string, number | string>>;
  /** The options that distinguish it. */
  readonly options: WaldoOptions;
  /** The subdirectory: that of a ring of its own, or of the one that stages share. */
  readonly place: string;
  readonly prepare?: Task;
  readonly task: Task;
}

/** The ring that the stages have in common, and what has been decided so far. */
export type Ring = WaldoOptions & { readonly ringSize: number; readonly fileCapacity: number };

export function ringBytes({ ringSize, fileCapacity }: Ring): number {
  return ringSize * fileCapacity;
}

export const BASE = 'base';

/** The default ring, or a smaller one that takes at most half of the disk that there is. */
export function baseRing(maxDisk: number): Ring {
  let { fileCapacity }: { fileCapacity: number } = DEFAULTS;
  while (fileCapacity > 256 * KIB && DEFAULTS.ringSize * fileCapacity > maxDisk / 2) fileCapacity /= 2;
  return { ringSize: DEFAULTS.ringSize, fileCapacity };
}

/** All stages that keep to the base ring share one, so that filling it is paid for once. */
const ON_BASE = { place: BASE, diskBytes: 0, prepareBytes: 0 } as const;

function ownRing(place: string, ring: Ring, workload?: Workload) {
  const bytes = ringBytes(ring);
  return {
    place,
    prepare: { kind: 'fill', options: ring, ...(workload && { workload }) } as Task,
    diskBytes: bytes,
    // Zeros first, then logs.
    prepareBytes: 2 * bytes,
  };
}

export function diskTrials(direct: boolean): Trial[] {
  // What the disk can do at most and how soon it answers come before all else.
  const sizes = [[2 * MIB, 4 * KIB], [64 * KIB], [16 * KIB], [256 * KIB], [4 * MIB]];
  const ways = direct ? [true, false] : [false];
  return sizes.flatMap((some) => ways.flatMap((way) => some.map((size) => diskTrial(size, way))));
}

function diskTrial(blockBytes: number, direct: boolean): Trial {
  const way = direct ? 'direct' : 'buffered';
  return {
    name: `${formatSize(blockBytes)} ${way}`,
    at: { block: blockBytes, way },
    options: {},
    place: 'raw',
    diskBytes: 0,
    prepareBytes: 0,
    task: { kind: 'raw', blockBytes, direct },
  };
}

/** @param alignment what `'auto'` comes to; `direct` whether the filesystem takes O_DIRECT */
export function directTrials(ring: Ring, workload: Workload, direct: boolean, alignment: number): Trial[] {
  const small: Ring = { ...ring, fileCapacity: Math.min(ring.fileCapacity, 16 * MIB) };
  const ways: (readonly [name: string, at: string, options: WaldoOptions])[] = [
    [`${direct ? 'direct' : 'buffered'}, aligned to ${formatSize(alignment)} (default)`, 'default', {}],
  ];
  if (direct) ways.push(['buffered', 'buffered', { directIo: false }]);
  for (const bytes of [4096, 512] as const)
    if (bytes !== alignment)
      ways.push([`aligned to ${formatSize(bytes)}`, `align ${bytes}`, { alignment: bytes }]);
  return ways.map(([name, at, options], index) => {
    const full = fitSlab({ ...small, ...options });
    return {
      name,
      at: { way: at },
      options,
      ...ownRing(`direct-${index}`, full),
      task: { kind: 'append', options: full, workload, oneByOne: true },
    };
  });
}

/** A slab is at most a page. */
function fitSlab(ring: Ring): Ring {
  return ring.bufCapacity === undefined || ring.bufCapacity <= ring.fileCapacity
    ? ring
    : { ...ring, bufCapacity: ring.fileCapacity };
}

/** Bytes of the smallest slab that makes an append of the workload atomic; of a log, if none does. */
export function atomicSlab(workload: Workload): number {
  const bytes = Math.ceil((FRAME_HEADER + appendBytes(workload)) / 4096) * 4096;
  return Math.max(smallestSlab(workload), Math.min(bytes, LARGEST_SLAB));
}

/** Slabs that can be tried, the one to start from first: the default, if it makes appends atomic. */
export function slabSizes(ring: Ring, workload: Workload): number[] {
  const least = atomicSlab(workload);
  const sizes = [2 * MIB, 4 * MIB, MIB, 8 * MIB, 256 * KIB, 16 * MIB, 64 * KIB];
  const fitting = sizes.filter((size) => size >= least && size <= ring.fileCapacity);
  if (fitting.length > 0) return fitting;
  return [Math.min(least, ring.fileCapacity)];
}

export function slabTrials(ring: Ring, workload: Workload): Trial[] {
  return slabSizes(ring, workload).map((bufCapacity) => ({
    name: formatSize(bufCapacity),
    at: { slab: bufCapacity },
    options: { bufCapacity },
    ...ON_BASE,
    task: { kind: 'append', options: { ...ring, bufCapacity }, workload },
  }));
}

/** As many batches under way as keep the disk busy: what the ring can do at most. */
export const BATCHES_IN_FLIGHT = 4;

export function batchTrials(ring: Ring, { payload }: Workload): Trial[] {
  const sizes = [4 * KIB, 2 * MIB, 64 * KIB, 512, 512 * KIB, 16 * KIB, 4 * MIB, 2 * KIB, 128 * KIB, MIB];
  const tried = new Set<number>();
  const trials: Trial[] = [];
  for (const size of sizes) {
    const logs = logsPerFrame(payload, size);
    const load: Workload = { payload, logs, callers: BATCHES_IN_FLIGHT, readers: 0 };
    if (tried.has(logs)) continue;
    tried.add(logs);
    const batch = FRAME_HEADER + appendBytes(load);
    trials.push({
      name: `${countOf(logs, 'log')}, ${formatSize(batch)}`,
      at: { batch, logs },
      options: {},
      ...ON_BASE,
      task: { kind: 'append', options: ring, workload: load },
    });
  }
  return trials;
}

/** Pages of the base ring's size, and a quarter, 4 and 16 times that. */
export function geometryTrials(ring: Ring, workload: Workload): Trial[] {
  const cells: Ring[] = [];
  for (const factor of [1 / 4, 1, 4, 16]) {
    for (const ringSize of [2, 4, 8, 16])
      cells.push({ ...ring, ringSize, fileCapacity: ring.fileCapacity * factor });
  }
  const isBase = (cell: Ring) => cell.ringSize === ring.ringSize && cell.fileCapacity === ring.fileCapacity;
  cells.sort((a, b) => Number(isBase(b)) - Number(isBase(a)) || ringBytes(a) - ringBytes(b));
  return cells
    .filter(({ fileCapacity }) => fileCapacity >= atomicSlab(workload))
    .map((cell) => {
      const { ringSize, fileCapacity } = cell;
      const full = fitSlab(cell);
      return {
        name: `${ringSize} × ${formatSize(fileCapacity)}`,
        at: { ring: ringSize, page: fileCapacity },
        options: { ringSize, fileCapacity },
        // That ring is there already.
        ...(isBase(cell) ? ON_BASE : ownRing(`geometry-${ringSize}-${fileCapacity}`, full)),
        task: { kind: 'append', options: full, workload },
      };
    });
}

export function indexTrials(ring: Ring, workload: Workload): Trial[] {
  const slab = ring.bufCapacity ?? DEFAULTS.bufCapacity;
  // From the disk, not from memory: that is where an index helps.
  const small = { ...ring, fileCapacity: Math.min(ring.fileCapacity, 8 * MIB), cacheBytes: 0 };
  return [64 * KIB, 16 * KIB, 256 * KIB, 4 * KIB, MIB]
    .filter((indexSparseBytes) => indexSparseBytes <= Math.min(slab, small.fileCapacity))
    .map((indexSparseBytes) => {
      const full = fitSlab({ ...small, indexSparseBytes });
      return {
        name: `every ${formatSize(indexSparseBytes)}`,
        at: { distance: indexSparseBytes },
        options: { indexSparseBytes },
        ...ownRing(`index-${indexSparseBytes}`, full, workload),
        task: { kind: 'seek', options: full, workload },
      };
    });
}

/** More than this under way at once says more about waiting in line than about the disk. */
const MOST_IN_FLIGHT = 256 * MIB;

export function latencyTrials(ring: Ring, workload: Workload): Trial[] {
  const counts = [workload.callers, 1, 100, 1000, 10].filter(
    (callers) => callers === workload.callers || callers * appendBytes(workload) <= MOST_IN_FLIGHT,
  );
  return [...new Set(counts)].map((callers) => ({
    name: countOf(callers, 'caller'),
    at: { callers },
    options: {},
    ...ON_BASE,
    task: {
      kind: 'append',
      options: ring,
      workload: { ...workload, callers },
      oneByOne: callers === 1,
    },
  }));
}

export function fanoutTrials(ring: Ring, workload: Workload): Trial[] {
  const counts = [workload.readers, 1, 1000, 100, 10].filter((readers) => readers > 0);
  return [...new Set(counts)].map((readers) =>
    tailTrial(ring, { ...workload, readers }, {}, countOf(readers, 'reader')),
  );
}

/** What waits for room, and what readers need in memory: only where the workload asks for more than there is. */
export function memoryTrials(ring: Ring, workload: Workload, lag: number): Trial[] {
  const trials: Trial[] = [];
  if (needsPool(ring, workload)) {
    const slab = ring.bufCapacity ?? DEFAULTS.bufCapacity;
    for (const poolSize of [DEFAULTS.poolSize, 16, 4, 32]) {
      if (poolSize * slab > 2 ** 32) continue;
      trials.push({
        name: countOf(poolSize, 'slab'),
        at: { pool: poolSize },
        options: { poolSize },
        ...ON_BASE,
        task: { kind: 'append', options: { ...ring, poolSize }, workload },
      });
    }
  }
  if (needsCache(workload, lag)) {
    for (const cacheBytes of [DEFAULTS.cacheBytes, 256 * MIB, 1024 * MIB])
      trials.push(
        tailTrial(ring, workload, { cacheBytes }, `${formatSize(cacheBytes)} of cache`, {
          cache: cacheBytes,
        }),
      );
  }
  return trials;
}

function tailTrial(
  ring: Ring,
  workload: Workload,
  options: WaldoOptions,
  name: string,
  at: Trial['at'] = { readers: workload.readers },
): Trial {
  return {
    name,
    at,
    options,
    ...ON_BASE,
    task: { kind: 'tail', options: { ...ring, ...options }, workload },
  };
}

/** Whether appends wait because all slabs are on their way. */
export function needsPool(ring: Ring, workload: Workload): boolean {
  return groupBytes(workload) > DEFAULTS.poolSize * (ring.bufCapacity ?? DEFAULTS.bufCapacity);
}

/** Whether readers fall so far behind that what they read next may have left the memory. */
export function needsCache({ readers }: Workload, lag: number): boolean {
  return readers > 0 && lag > (DEFAULTS.cacheBytes * 3) / 4;
}
