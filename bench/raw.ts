import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Waldo } from 'waldo';
import { formatSize } from '../src/units.js';
import { microsecondsPerCall, nodeLoops } from './raw-node.js';
import type { Baseline, Context, Figures } from './suite.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What a file is before the loop: empty, allocated but never written, filled with zeros, or just as it is; then
 * it gets back afterwards what it held.
 */
export type Layout = 'growing' | 'fallocated' | 'filled' | 'as it is';

/** As native/bench/raw_loop.cc takes it. */
export interface RawLoop {
  /** Gone over one after the other. Only with the layout `as it is` may there be several. */
  readonly paths: readonly string[];
  readonly layout: Layout;
  /** In each file: the bytes before it are left alone. */
  readonly offset: number;
  readonly fileBytes: number;
  readonly blockBytes: number;
  /** What reads go to, block after block: as many bytes as a block, or a multiple of it. */
  readonly memoryBytes: number;
  /** The loop ends after so many calls or seconds; in a file that is not filled, at its end too. */
  readonly maxCalls: number;
  readonly seconds: number;
  readonly direct: boolean;
  readonly dsync: boolean;
  /** Blocks in random order. */
  readonly random: boolean;
}

/** Durations are in nanoseconds. */
export interface RawResult {
  readonly calls: number;
  readonly seconds: number;
  readonly bytesPerSecond: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface RawLoops {
  /** What baselines are called after: loops in C are `raw`. */
  readonly name: 'raw' | 'node:fs';
  /** Whether there is this way to write. */
  canWrite(how: Pick<RawLoop, 'layout' | 'direct' | 'dsync'>): boolean;
  /** Whether there is this way to read from the disk, not from memory. */
  canRead(how: Pick<RawLoop, 'direct'>): boolean;
  writeLoop(loop: RawLoop): RawResult | Promise<RawResult>;
  readLoop(loop: RawLoop): RawResult | Promise<RawResult>;
}

const ADDON = join(ROOT, 'build', 'Release', 'waldo_bench.node');
const SOURCE = join(ROOT, 'native', 'bench', 'raw_loop.cc');
const BUILDER = join(ROOT, 'scripts', 'build-addon.mjs');
export const UNLIMITED = 2 ** 31 - 1;

let loaded: RawLoops | undefined;

/**
 * Compiles the raw loops if that has not been done since they were last changed. Where it cannot be done,
 * as in the published package, `note` is told, and `raw` gives the loops of node:fs, here and in other processes.
 */
export function buildRaw(note: (text: string) => void): void {
  const missing = isCurrent() ? undefined : compile(note);
  loaded = undefined;
  if (raw().name === 'raw') return;
  const why = missing ?? 'the compiled ones cannot be loaded';
  note(
    `raw loops run in node:fs, since ${why}: it adds about ${microsecondsPerCall().toFixed(1)} µs to a call, ` +
      'so ratios look a little better than beside loops in C',
  );
}

/** The raw loops: in C if they are compiled, else by node:fs. */
export function raw(): RawLoops {
  loaded ??= loadAddon() ?? nodeLoops;
  return loaded;
}

function loadAddon(): RawLoops | undefined {
  if (!isCurrent()) return undefined;
  try {
    const addon = createRequire(import.meta.url)(ADDON) as Pick<RawLoops, 'writeLoop' | 'readLoop'>;
    const { writeLoop, readLoop } = addon;
    return { name: 'raw', canWrite: () => true, canRead: () => true, writeLoop, readLoop };
  } catch {
    return undefined;
  }
}

function isCurrent(): boolean {
  if (!existsSync(ADDON)) return false;
  return !existsSync(SOURCE) || statSync(ADDON).mtimeMs >= statSync(SOURCE).mtimeMs;
}

/** Why there are no loops in C, if there are none. */
function compile(note: (text: string) => void): string | undefined {
  if (!existsSync(SOURCE) || !existsSync(BUILDER)) return 'the package is without the C sources';
  note('compiling the raw loops…');
  const { status } = spawnSync(process.execPath, [BUILDER, '--bench'], { stdio: ['ignore', 'ignore', 2] });
  return status === 0 ? undefined : 'native/bench cannot be compiled here';
}

/** What files beside a ring are as large as: as the ring. */
export function rawFileBytes({ scale }: Pick<Context, 'scale'>): number {
  return scale.quick ? 2 ** 20 : 2 ** 28;
}

const WAYS: readonly (readonly [Layout, boolean])[] = [
  ['as it is', true],
  ['as it is', false],
  ['fallocated', true],
  ['fallocated', false],
  ['growing', true],
  ['growing', false],
];

/** Where a page file's frames start: native/format.h. */
const PAGE_DATA_OFFSET = 8192;

/** The frames of the trial's ring. One place on a disk may be half as fast as another: both use the same. */
async function ringFiles({ directory }: Pick<Context, 'directory'>) {
  const ring = join(directory, 'ring');
  const reader = await Waldo.openReader(ring);
  const fileBytes = reader.metadata().fileCapacity;
  await reader.close();
  const names = readdirSync(ring).filter((name) => name.endsWith('.page'));
  return {
    paths: names.toSorted().map((name) => join(ring, name)),
    layout: 'as it is',
    offset: PAGE_DATA_OFFSET,
    fileBytes,
  } as const;
}

/**
 * Every way there is to write blocks of one size, in place of the frames of the trial's ring, which gets them
 * back, or to files beside it. `figures` turns the result into the trial's metrics.
 */
export function rawWrites(
  blockBytes: number,
  dsync: boolean,
  figures: (result: RawResult) => Figures,
): Baseline[] {
  const loops = raw();
  return WAYS.filter(
    ([layout, direct]) => loops.canWrite({ layout, direct, dsync }) && (!direct || blockBytes % 512 === 0),
  ).map(([layout, direct]) => ({
    name: `${loops.name} pwrite ${formatSize(blockBytes)}, ${direct ? 'direct' : 'buffered'}, ${layout === 'as it is' ? 'in the ring' : layout}`,
    optional: true,
    run: async (context) => figures(await runWrites(context, { blockBytes, dsync, layout, direct })),
  }));
}

export async function runWrites(
  context: Context,
  how: Pick<RawLoop, 'blockBytes' | 'dsync' | 'layout' | 'direct'>,
): Promise<RawResult> {
  const { layout, blockBytes } = how;
  const file = {
    paths: [join(context.directory, `raw-${layout}`)],
    layout,
    offset: 0,
    fileBytes: Math.max(rawFileBytes(context), blockBytes),
  };
  return raw().writeLoop({
    ...how,
    ...(layout === 'as it is' ? await ringFiles(context) : file),
    memoryBytes: blockBytes,
    maxCalls: UNLIMITED,
    seconds: context.scale.seconds,
    random: false,
  });
}

/**
 * Every way there is to read blocks of one size from the trial's ring: through it once, or here and there for a
 * time.
 * @param memoryBytes what they are read into, block after block. Into memory that the processor has at hand
 * anyway, the same few megabytes again and again, the device may be twice as fast.
 */
export function rawReads(
  blockBytes: number,
  memoryBytes: number,
  random: boolean,
  figures: (result: RawResult) => Figures,
): Baseline[] {
  const loops = raw();
  const ways = [true, false].filter((direct) => loops.canRead({ direct }));
  const into = memoryBytes > blockBytes ? ` into ${formatSize(memoryBytes)}` : '';
  return ways.map((direct) => ({
    name: `${loops.name} pread ${formatSize(blockBytes)}${into}, ${direct ? 'direct' : 'buffered'}`,
    optional: true,
    async run(context) {
      const files = await ringFiles(context);
      const blocks = Math.floor(files.fileBytes / blockBytes) * files.paths.length;
      const loop = {
        ...files,
        blockBytes,
        memoryBytes,
        maxCalls: random ? UNLIMITED : blocks,
        seconds: random ? context.scale.seconds : 3600,
        direct,
        dsync: false,
        random,
      };
      return figures(await loops.readLoop(loop));
    },
  }));
}
