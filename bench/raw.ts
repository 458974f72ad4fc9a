import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatSize } from '../src/cli/sizes.js';
import type { Baseline, Context, Figures } from './suite.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type Layout = 'growing' | 'fallocated' | 'filled';

/** As native/bench/raw_loop.cc takes it. */
export interface RawLoop {
  readonly path: string;
  /** What the file is before the loop: empty, allocated but never written, or filled with zeros. */
  readonly layout: Layout;
  readonly fileBytes: number;
  readonly blockBytes: number;
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

interface RawAddon {
  writeLoop(loop: RawLoop): RawResult;
  readLoop(loop: RawLoop): RawResult;
}

const ADDON = join(ROOT, 'build', 'Release', 'waldo_bench.node');
const SOURCE = join(ROOT, 'native', 'bench', 'raw_loop.cc');
export const UNLIMITED = 2 ** 31 - 1;

/** Compiles the raw loops if that has not been done since they were last changed. */
export function buildRaw(): void {
  if (existsSync(ADDON) && statSync(ADDON).mtimeMs >= statSync(SOURCE).mtimeMs) return;
  process.stderr.write('compiling the raw loops…\n');
  const builder = join(ROOT, 'scripts', 'build-addon.mjs');
  const { status } = spawnSync(process.execPath, [builder, '--bench'], { stdio: ['ignore', 'ignore', 2] });
  if (status !== 0) throw new Error('the raw loops (native/bench) could not be compiled');
}

let loaded: RawAddon | undefined;

export function raw(): RawAddon {
  loaded ??= createRequire(import.meta.url)(ADDON) as RawAddon;
  return loaded;
}

/** The file is as large as the ring beside it, so that both go over the same amount of disk. */
export function rawFileBytes({ scale }: Pick<Context, 'scale'>): number {
  return scale.quick ? 2 ** 20 : 2 ** 28;
}

const WAYS: readonly (readonly [Layout, boolean])[] = [
  ['filled', true],
  ['filled', false],
  ['fallocated', true],
  ['fallocated', false],
  ['growing', true],
  ['growing', false],
];

/** Every way to write blocks of one size. `figures` turns the result into the trial's metrics. */
export function rawWrites(
  blockBytes: number,
  dsync: boolean,
  figures: (result: RawResult) => Figures,
): Baseline[] {
  return WAYS.filter(([, direct]) => !direct || blockBytes % 512 === 0).map(([layout, direct]) => ({
    name: `raw pwrite ${formatSize(blockBytes)}, ${direct ? 'direct' : 'buffered'}, ${layout}`,
    run: (context) => figures(runWrites(context, { blockBytes, dsync, layout, direct })),
  }));
}

export function runWrites(
  context: Context,
  how: Pick<RawLoop, 'blockBytes' | 'dsync' | 'layout' | 'direct'>,
): RawResult {
  return raw().writeLoop({
    path: join(context.directory, `raw-${how.layout}`),
    fileBytes: Math.max(rawFileBytes(context), how.blockBytes),
    maxCalls: UNLIMITED,
    seconds: context.scale.seconds,
    random: false,
    ...how,
  });
}

/** Both ways to read blocks of one size: through a file once, or here and there for a time. */
export function rawReads(
  blockBytes: number,
  fileBytes: number,
  random: boolean,
  figures: (result: RawResult) => Figures,
): Baseline[] {
  return [true, false].map((direct) => ({
    name: `raw pread ${formatSize(blockBytes)}, ${direct ? 'direct' : 'buffered'}`,
    run: ({ directory, scale }) =>
      figures(
        raw().readLoop({
          path: join(directory, 'raw-filled'),
          layout: 'filled',
          fileBytes,
          blockBytes,
          maxCalls: random ? UNLIMITED : Math.floor(fileBytes / blockBytes),
          seconds: random ? scale.seconds : 3600,
          direct,
          dsync: false,
          random,
        }),
      ),
  }));
}
