import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Figures } from '../../bench/suite.js';
import type { Task } from '../../bench/tune/measure.js';
import type { Candidate, Duel, Stage, StageName, TuneResult } from '../../bench/tune/result.js';
import { type Bench, type TuneOptions, tune } from '../../bench/tune/sweep.js';
import type { Workload } from '../../bench/tune/workload.js';
import { Cli } from '../support/cli.js';

export const MIB = 2 ** 20;

/** One log of 1000 bytes an append, by 100 callers. */
export const WORKLOAD: Workload = { payload: 1000, logs: 1, callers: 100, readers: 0 };

/** `waldo tune`, started. */
export function startTune(args: readonly string[]): Cli {
  const running = new Cli(['tune', ...args]);
  running.child.stdin.end();
  return running;
}

/** An empty directory to tune in, and beside it the place of a report that is not there yet. */
export function tuneDirectory(t: TestContext, name = 'disk'): { dir: string; out: string } {
  const parent = mkdtempSync(join(tmpdir(), 'waldo-tune-test-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const dir = join(parent, name);
  mkdirSync(dir);
  return { dir, out: join(parent, 'report.html') };
}

/** Whether a sweep in a directory has made a ring. */
export function hasRing(dir: string): boolean {
  return readdirSync(dir).some((sweep) =>
    readdirSync(join(dir, sweep)).some((place) => existsSync(join(dir, sweep, place, 'ring', 'RING'))),
  );
}

/** A candidate whose figures are the same in all of its rounds, up to a spread. */
export function candidate(
  at: Candidate['at'],
  median: Figures,
  {
    options = {},
    spread = 0,
    rounds = 3,
  }: { options?: Candidate['options']; spread?: number; rounds?: number } = {},
): Candidate {
  const scaled = (factor: number): Figures =>
    Object.fromEntries(Object.entries(median).map(([metric, value]) => [metric, value! * factor]));
  return {
    name: Object.values(at).join(' × '),
    at,
    options,
    median,
    min: scaled(1 - spread),
    max: scaled(1 + spread),
    rounds,
  };
}

export function stage(name: StageName, candidates: readonly Candidate[]): Stage {
  return { name, title: name, candidates, duels: [] };
}

/** Duels in which the challenger does so many times as well, pair by pair. */
export function duelsOf(...ratios: number[]): (challenger: Candidate, base: Candidate) => Duel {
  return (challenger, base) => ({ challenger: challenger.name, base: base.name, metric: 'logs', ratios });
}

/** As with no time for duels. */
export const noDuels = () => undefined;

/** Slabs of some sizes, with what each reaches; the first is the one to start from. */
export function slabs(logs: Readonly<Record<number, number>>, sizes: readonly number[], how = {}): Stage {
  return stage(
    'slab',
    sizes.map((slab) =>
      candidate({ slab }, { logs: logs[slab]! }, { options: { bufCapacity: slab }, ...how }),
    ),
  );
}

const USUAL: Figures = {
  logs: 100_000,
  bytes: 1e8,
  p50: 100,
  p99: 200,
  'p99.9': 400,
  open: 1000,
  'seek p50': 100,
  'seek p99': 300,
  index: 1000,
  delivered: 1e8,
  'delivery p50': 100,
  'delivery p99': 200,
  'loop delay p99': 300,
};

/** A disk on which everything takes no time and comes to figures that were made up. */
export class MadeUpDisk implements Bench {
  /** Bytes of rings that were there at once. */
  mostTaken = 0;
  readonly #taken = new Map<string, number>();
  readonly #figures: (task: Task, seconds: number) => Partial<Figures>;
  isClosed = false;

  /** @param figures that differ from the usual ones */
  constructor(figures: (task: Task, seconds: number) => Partial<Figures> = () => ({})) {
    this.#figures = figures;
  }

  async run(place: string, task: Task, seconds: number): Promise<Figures> {
    if (task.kind === 'fill') {
      const { ringSize, fileCapacity } = task.options;
      this.#taken.set(place, ringSize! * fileCapacity!);
      const taken = [...this.#taken.values()].reduce((sum, bytes) => sum + bytes, 0);
      this.mostTaken = Math.max(this.mostTaken, taken);
    }
    const usual = task.kind === 'probe' ? { direct: 1, alignment: 512 } : { ...USUAL, alignment: 512 };
    return { ...usual, ...this.#figures(task, seconds) } as Figures;
  }

  forget(place: string): void {
    this.#taken.delete(place);
  }

  stop(): void {}

  close(): void {
    this.isClosed = true;
    this.#taken.clear();
  }
}

/** A whole sweep over a disk that was made up. */
export function tuneMadeUp(
  t: TestContext,
  disk: MadeUpDisk,
  options: Partial<TuneOptions> = {},
): Promise<TuneResult> {
  const view = { stage() {}, progress() {}, note() {} };
  const { dir } = tuneDirectory(t);
  const all = { directory: dir, workload: WORKLOAD, seconds: 3600, maxDisk: 512 * MIB, ...options };
  return tune(all, view, new AbortController().signal, () => disk);
}
