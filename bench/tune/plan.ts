// How the time and the disk of a sweep are shared out. Pure: knows nothing of how long things really take.

import { formatSize } from '../../src/units.js';
import type { StageName } from './result.js';

/** Of the whole time. What a stage does not need goes to those after it. */
const SHARES: Readonly<Record<StageName, number>> = {
  disk: 12,
  direct: 9,
  slab: 12,
  batch: 13,
  geometry: 22,
  index: 10,
  latency: 10,
  fanout: 10,
  memory: 6,
};

/** In this order, since each builds on what those before have found out. */
export const STAGES = Object.keys(SHARES) as StageName[];

/** Starting a process, opening a ring, closing it; in seconds. */
export const OVERHEAD = 0.2;
const SHORTEST = 0.05;
const LONGEST = 1;
/** Below this, figures are rough. */
const FAIR = 0.2;
const WANTED_ROUNDS = 3;
const MOST_ROUNDS = 5;

/** The seconds that a stage may take, when so many are left for it and those after it. */
export function stageBudget(stage: StageName, secondsLeft: number): number {
  const ahead = STAGES.slice(STAGES.indexOf(stage));
  const shares = ahead.reduce((sum, name) => sum + SHARES[name], 0);
  return (secondsLeft * SHARES[stage]) / shares;
}

/** What one candidate costs, measurements apart. */
export interface Cost {
  readonly name: string;
  /** Bytes of disk it takes until its stage has ended. */
  readonly diskBytes: number;
  /** Bytes written before it can be measured. */
  readonly prepareBytes: number;
}

export interface Schedule {
  /** How many of the candidates are measured, from the first on; some in between may be left out. */
  readonly chosen: readonly number[];
  /** Of each measurement. */
  readonly seconds: number;
  /** How often each is measured, all of them in turn. */
  readonly rounds: number;
  /** Whether the measurements are so short that their figures are rough. */
  readonly isRough: boolean;
  /** What is left out or measured too seldom, and why. */
  readonly notes: readonly string[];
}

/**
 * Chooses candidates, most important first, so that all of them are measured within a budget: better fewer
 * candidates than none of the least duration; then longer measurements, then more rounds.
 * @param bytesPerSecond at which rings are filled
 */
export function schedule(
  title: string,
  costs: readonly Cost[],
  budget: { readonly seconds: number; readonly diskBytes: number; readonly bytesPerSecond: number },
): Schedule {
  const chosen: number[] = [];
  const late: string[] = [];
  const large: string[] = [];
  let preparing = 0;
  let disk = 0;
  for (const [index, { name, diskBytes, prepareBytes }] of costs.entries()) {
    const prepare = prepareBytes === 0 ? 0 : OVERHEAD + prepareBytes / budget.bytesPerSecond;
    const measuring = (chosen.length + 1) * (OVERHEAD + SHORTEST);
    if (disk + diskBytes > budget.diskBytes) large.push(name);
    else if (preparing + prepare + measuring > budget.seconds) late.push(name);
    else {
      chosen.push(index);
      preparing += prepare;
      disk += diskBytes;
    }
  }
  const left = budget.seconds - preparing;
  const each = left / Math.max(1, chosen.length);
  const seconds = clamp(each / WANTED_ROUNDS - OVERHEAD, SHORTEST, LONGEST);
  const rounds = clamp(Math.floor(each / (seconds + OVERHEAD)), 1, MOST_ROUNDS);
  const notes = describe(title, chosen.length, rounds, late, large, budget.diskBytes);
  return { chosen, seconds, rounds, isRough: seconds < FAIR, notes };
}

function describe(
  title: string,
  chosen: number,
  rounds: number,
  late: readonly string[],
  large: readonly string[],
  diskBytes: number,
): string[] {
  const notes: string[] = [];
  if (chosen === 0 && late.length > 0) notes.push(`${title} was left out for want of time.`);
  else if (late.length > 0) notes.push(`${title}: left out for want of time: ${late.join('; ')}.`);
  if (large.length > 0)
    notes.push(
      `${title}: left out for want of disk, of which ${formatSize(diskBytes)} were left: ${large.join('; ')}.`,
    );
  if (chosen > 0 && rounds < WANTED_ROUNDS)
    notes.push(`${title}: measured ${rounds === 1 ? 'once' : 'twice'} only.`);
  return notes;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
