import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { formatSize } from '../src/units.js';
import { Asker, StoppedError } from './answers.js';
import { median } from './statistics.js';
import { type Figures, moreIsBetter, type Scale, type Suite, type Trial } from './suite.js';
import type { Order, Part } from './trial-process.js';

/** One metric of one trial: what `--json` prints. */
export interface Result {
  readonly suite: string;
  readonly trial: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  /** What was measured side by side; `null` if nothing was. */
  readonly baseline: string | null;
  /** The median over all pairs of the trial's value divided by the baseline's. */
  readonly ratio: number | null;
}

/** Ever so little room for directories and whatever else a filesystem needs. */
const SPARE_BYTES = 2 ** 24;

/**
 * Runs trials, one part at a time, each part in a fresh process. Everything is kept in one new directory
 * inside of `parent`, which goes away with `close`, and with the process.
 */
export class Harness {
  readonly #parent: string;
  readonly #directory: string;
  readonly #scale: Scale;
  readonly #pairs: number;
  readonly #note: (text: string) => void;
  readonly #remove = () => rmSync(this.#directory, { recursive: true, force: true });
  readonly #asker = new Asker<Order>('trial-process.js', 'the process of the trial');

  /** @throws if `parent` is no directory that can be written to */
  constructor(parent: string, scale: Scale, pairs: number, note: (text: string) => void) {
    this.#parent = parent;
    this.#directory = makeDirectory(parent);
    this.#scale = scale;
    this.#pairs = pairs;
    this.#note = note;
    process.once('exit', this.#remove);
  }

  /** Why the trial cannot be run here, if it cannot. */
  whySkipped(trial: Trial): string | undefined {
    if (trial.skip !== undefined || !trial.direct || takesDirect(this.#directory)) return trial.skip;
    return `${this.#parent} is on a filesystem without O_DIRECT`;
  }

  /** Ends what is being measured: `measure` rejects, now and from now on. */
  stop(): void {
    this.#asker.stop();
  }

  /** Removes all that was made. */
  close(): void {
    process.off('exit', this.#remove);
    this.#remove();
  }

  /** Everything measured: a result for each of the trial's metrics. */
  async measure(suite: Suite, trial: Trial): Promise<Result[]> {
    this.#checkRoom(trial);
    const directory = join(this.#directory, 'trial');
    mkdirSync(directory);
    const run = (part: Part) =>
      this.#asker.ask({ suite: suite.name, trial: trial.name, part, directory, scale: this.#scale });
    try {
      if (trial.prepare) await run('prepare');
      const baseline = await this.#bestBaseline(trial, run);
      const pairs: Pair[] = [];
      for (let i = 0; i < this.#pairs; i++) pairs.push(await this.#pair(trial, baseline, i % 2 === 1, run));
      return summarise(suite, trial, pairs, baseline === undefined ? null : trial.baselines![baseline]!.name);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /** Which of them comes first alternates, so that neither always meets the disk as the other left it. */
  async #pair(
    trial: Trial,
    baseline: number | undefined,
    baselineFirst: boolean,
    run: RunPart,
  ): Promise<Pair> {
    const measureBaseline = () => (baseline === undefined ? {} : run({ baseline }));
    const compared = baselineFirst ? await measureBaseline() : undefined;
    if (trial.before) await run('before');
    const figures = await run('run');
    return { figures, compared: compared ?? (await measureBaseline()) };
  }

  /** The place of the best baseline. With `--quick`, the first that works will do. */
  async #bestBaseline(trial: Trial, run: RunPart): Promise<number | undefined> {
    const candidates = trial.baselines ?? [];
    if (candidates.length === 1 && !candidates[0]!.optional) return 0;
    const [metric, unit] = Object.entries(trial.metrics)[0]!;
    let best: { index: number; value: number } | undefined;
    for (const [index, candidate] of candidates.entries()) {
      if (best && this.#scale.quick) break;
      try {
        const value = (await run({ baseline: index }))[metric]!;
        if (!best || (moreIsBetter(unit) ? value > best.value : value < best.value)) best = { index, value };
      } catch (error) {
        if (error instanceof StoppedError || !candidate.optional) throw error;
        // A filesystem without O_DIRECT, such as tmpfs on older systems, leaves the buffered ones.
        this.#note(`${candidate.name} cannot be measured here: ${(error as Error).message}`);
      }
    }
    return best?.index;
  }

  #checkRoom(trial: Trial): void {
    const { bavail, bsize } = statfsSync(this.#directory);
    const needed = trial.diskBytes + SPARE_BYTES;
    if (bavail * bsize >= needed) return;
    throw new Error(
      `it needs ${formatSize(needed)} of disk, and there are ${formatSize(bavail * bsize)} left; ` +
        'use --dir to put rings elsewhere',
    );
  }
}

function makeDirectory(parent: string): string {
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`${parent} is not a directory`);
  try {
    return mkdtempSync(join(parent, 'waldo-bench-'));
  } catch (error) {
    throw new Error(`nothing can be written to ${parent}: ${(error as Error).message}`);
  }
}

function takesDirect(directory: string): boolean {
  // Elsewhere direct I/O is no flag of `open`, and nothing refuses it.
  const direct = constants.O_DIRECT as number | undefined;
  if (direct === undefined) return true;
  const path = join(directory, 'direct');
  try {
    closeSync(openSync(path, constants.O_CREAT | constants.O_WRONLY | direct, 0o600));
    return true;
  } catch {
    return false;
  } finally {
    rmSync(path, { force: true });
  }
}

type RunPart = (part: Part) => Promise<Figures>;

interface Pair {
  readonly figures: Figures;
  readonly compared: Figures;
}

function summarise(suite: Suite, trial: Trial, pairs: readonly Pair[], baseline: string | null): Result[] {
  const results: Result[] = [];
  const names = Object.keys(trial.metrics);
  for (const metric of names) {
    const values = pairs.map(({ figures }) => figures[metric]).filter((value) => value !== undefined);
    if (values.length === 0) continue;
    const ratios = pairs
      .map(({ figures, compared }) => figures[metric]! / compared[metric]!)
      .filter((ratio) => Number.isFinite(ratio));
    results.push({
      suite: suite.name,
      trial: names.length === 1 ? trial.name : `${trial.name}: ${metric}`,
      unit: trial.metrics[metric]!,
      median: median(values),
      min: Math.min(...values),
      max: Math.max(...values),
      runs: values.length,
      baseline: ratios.length > 0 ? baseline : null,
      ratio: ratios.length > 0 ? median(ratios) : null,
    });
  }
  return results;
}
