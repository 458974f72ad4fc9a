// What a sweep finds out: the shape of the JSON beside the report, and what the report is made of.

import type { WaldoOptions } from 'waldo';
import type { Figures } from '../suite.js';
import type { Workload } from './workload.js';

/** One thing that was tried, with what was measured of it in each round. */
export interface Candidate {
  /** Distinguishes it from the stage's others, for people. */
  readonly name: string;
  /** Where it lies on the axes of the stage's chart. */
  readonly at: Readonly<Record<string, number | string>>;
  /** The options it differs in from the rest of its stage. */
  readonly options: WaldoOptions;
  /** The median over all rounds of each metric. */
  readonly median: Figures;
  readonly min: Figures;
  readonly max: Figures;
  readonly rounds: number;
}

export type StageName =
  | 'disk'
  | 'direct'
  | 'slab'
  | 'batch'
  | 'geometry'
  | 'index'
  | 'latency'
  | 'fanout'
  | 'memory';

/** A candidate that looked better than the one to start from, measured again beside it. */
export interface Duel {
  readonly challenger: string;
  readonly base: string;
  readonly metric: string;
  /** By how many times the challenger did better, in each pair of measurements. */
  readonly ratios: readonly number[];
}

export interface Stage {
  readonly name: StageName;
  readonly title: string;
  readonly candidates: readonly Candidate[];
  readonly duels: readonly Duel[];
}

/** Why an option is as it is recommended. */
export interface Reason {
  /** What is recommended, `'default'` where the option can be left out. */
  readonly value: number | boolean | string;
  readonly isDefault: boolean;
  readonly reason: string;
}

export interface TuneResult {
  readonly version: 1;
  /** When the sweep began, ISO 8601. */
  readonly date: string;
  readonly waldo: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly memory: number;
  readonly disk: { readonly directory: string; readonly filesystem: string; readonly freeBytes: number };
  readonly workload: Workload;
  /** Seconds that were asked for, and that it took. */
  readonly time: { readonly asked: number; readonly taken: number };
  /** Bytes of disk that rings were allowed to take. */
  readonly maxDisk: number;
  /** The raw loop that writes the most: of what the disk can do, all that there is. */
  readonly rawLimit: {
    readonly bytesPerSecond: number;
    readonly blockBytes: number;
    readonly direct: boolean;
  } | null;
  readonly stages: readonly Stage[];
  /** Only what differs from the defaults; valid for `Waldo.open`. */
  readonly recommended: WaldoOptions;
  readonly reasons: Readonly<Record<string, Reason>>;
  /** What was shortened, left out or fell back, in sentences. */
  readonly notes: readonly string[];
}
