import { Harness, type Result } from './harness.js';
import { buildRaw } from './raw.js';
import type { Scale, Suite, Trial } from './suite.js';
import { SUITES } from './suites.js';

export interface BenchOptions {
  /** Names of suites; none is all. */
  readonly suites: readonly string[];
  /** Only trials whose name contains it. */
  readonly filter: string;
  /** The disk to measure: a temporary directory is made in there. */
  readonly directory: string;
  /** Runs of each trial, at least 1. */
  readonly pairs: number;
  readonly scale: Scale;
}

/** What a run tells while it goes on. */
export interface BenchView {
  suite(suite: Suite): Promise<void>;
  /** A trial starts: number `n` of `total`. */
  trial(name: string, n: number, total: number): void;
  result(result: Result): Promise<void>;
  note(text: string): void;
}

/** The options ask for what there is not. */
export class NothingToRunError extends Error {}

/** @throws {@link NothingToRunError} on an unknown suite, or if no trial's name contains the filter */
export function chooseTrials({ suites, filter, scale }: BenchOptions): [Suite, Trial[]][] {
  const unknown = suites.find((given) => !SUITES.some(({ name }) => name === given));
  if (unknown !== undefined) {
    const all = SUITES.map(({ name }) => name).join(', ');
    throw new NothingToRunError(`there is no suite '${unknown}'; there are ${all}`);
  }
  const chosen = SUITES.filter(({ name }) => suites.length === 0 || suites.includes(name))
    .map((suite): [Suite, Trial[]] => [
      suite,
      suite.trials(scale).filter(({ name }) => name.includes(filter)),
    ])
    .filter(([, trials]) => trials.length > 0);
  if (chosen.length === 0) throw new NothingToRunError(`no trial's name contains '${filter}'; see --list`);
  return chosen;
}

/**
 * Runs the chosen trials; whether all that could be run succeeded. Once `signal` is aborted it ends soon. What
 * it makes is removed however it ends.
 * @throws {@link NothingToRunError}, and if nothing can be written to the directory
 */
export async function runBench(
  options: BenchOptions,
  view: BenchView,
  signal: AbortSignal,
): Promise<boolean> {
  const wanted = chooseTrials(options);
  const harness = new Harness(options.directory, options.scale, options.pairs, (text) => view.note(text));
  signal.addEventListener('abort', () => harness.stop());
  try {
    if (wanted.some(([suite, trials]) => suite.name === 'disk' || trials.some(({ baselines }) => baselines)))
      buildRaw((text) => view.note(text));
    // Which raw loops there are decides on the baselines.
    return await runTrials(chooseTrials(options), harness, view, signal);
  } finally {
    harness.close();
  }
}

async function runTrials(
  chosen: readonly [Suite, Trial[]][],
  harness: Harness,
  view: BenchView,
  signal: AbortSignal,
): Promise<boolean> {
  const total = chosen.reduce((sum, [, trials]) => sum + trials.length, 0);
  let n = 0;
  let succeeded = true;
  for (const [suite, trials] of chosen) {
    await view.suite(suite);
    for (const trial of trials) {
      n++;
      const name = `${suite.name}/${trial.name}`;
      const skip = harness.whySkipped(trial);
      if (skip !== undefined) {
        view.note(`${name} is left out: ${skip}`);
        continue;
      }
      view.trial(name, n, total);
      try {
        for (const result of await harness.measure(suite, trial)) await view.result(result);
      } catch (error) {
        if (signal.aborted) return false;
        view.note(`${name} failed: ${(error as Error).message}`);
        succeeded = false;
      }
      if (signal.aborted) return false;
    }
  }
  return succeeded;
}
