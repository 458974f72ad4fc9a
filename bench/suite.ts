// What a suite is: a table of trials, each of them run again and again in processes of its own.

/** How much work is done. */
export interface Scale {
  /** Tiny sizes: that everything runs, not how fast. */
  readonly quick: boolean;
  /** All sizes, not only those that tell the most. */
  readonly full: boolean;
  /** Of each measured loop. */
  readonly seconds: number;
}

/** What a part of a trial is given. */
export interface Context {
  /** The trial's own directory. It lasts until the trial has been run for the last time. */
  readonly directory: string;
  readonly scale: Scale;
}

/** Measured values by the name of their metric; a metric that could not be measured is left out. */
export type Figures = Readonly<Record<string, number>>;

/** Something else that does the same, to be measured side by side with a trial, with the same metrics. */
export interface Baseline {
  readonly name: string;
  /** Whether not every filesystem has it: where it fails, the trial does without. */
  readonly optional?: boolean;
  run(context: Context): Figures | Promise<Figures>;
}

export interface Trial {
  readonly name: string;
  /** Each metric's unit. The first metric tells which of several baselines is the best. */
  readonly metrics: Readonly<Record<string, Unit>>;
  /** What the trial and its baselines take on the disk, at most. */
  readonly diskBytes: number;
  /** Whether it needs O_DIRECT, which not every filesystem has. */
  readonly direct?: boolean;
  /** Why the trial cannot be run here, if it cannot. */
  readonly skip?: string;
  /** Runs once, before anything else. */
  prepare?(context: Context): Promise<void>;
  /** Runs before each run, in a process of its own; `kill` ends it there, as `kill -9` does. */
  before?(context: Context, kill: () => Promise<never>): Promise<void>;
  run(context: Context): Promise<Figures>;
  /** The best of them is what the trial is compared with. */
  readonly baselines?: readonly Baseline[];
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  trials(scale: Scale): Trial[];
}

export type Unit = 'MB/s' | '1/s' | 'µs' | 'ms' | 'MB' | 's/GB' | 'times';

/** Whether more of it is better. */
export function moreIsBetter(unit: Unit): boolean {
  return unit.endsWith('/s');
}
