// From what was measured to options, each with its reason. Pure.

import type { WaldoOptions } from 'waldo';
import { countOf, formatSize } from '../../src/units.js';
import { packedBytes } from '../rings.js';
import { median } from '../statistics.js';
import type { Figures } from '../suite.js';
import { formatDuration, formatPercent, formatRate } from './format.js';
import type { Candidate, Duel, Reason, Stage, StageName } from './result.js';
import { atomicSlab, DEFAULTS, needsCache, needsPool, type Ring } from './trials.js';
import type { Workload } from './workload.js';

/** What is gained must be more than this part of it … */
const LEAST_GAIN = 0.05;
/** … or than this, if nothing tells how far the figures spread. */
const LEAST_GAIN_ONCE = 0.2;

/** What decides between candidates. */
export interface Measure {
  readonly metric: string;
  readonly more: 'better' | 'worse';
  /** Of candidates that do the same, the one that costs least is taken. */
  cost(candidate: Candidate): number;
}

/** The duel between two candidates, if there has been one. */
export type Duels = (challenger: Candidate, base: Candidate, measure: Measure) => Duel | undefined;

/** By how many times `other` does better than `base`. */
export function ratio(
  other: Figures,
  base: Figures,
  { metric, more }: Pick<Measure, 'metric' | 'more'>,
): number {
  const [a, b] = [other[metric], base[metric]];
  if (a === undefined || b === undefined || !(a > 0) || !(b > 0)) return 1;
  return more === 'better' ? a / b : b / a;
}

/** Whether `other` seems to do better than `base` by more than chance. */
export function looksBetter(
  other: Candidate,
  base: Candidate,
  measure: Pick<Measure, 'metric' | 'more'>,
): boolean {
  const gain = ratio(other.median, base.median, measure) - 1;
  if (Math.min(other.rounds, base.rounds) < 2) return gain > LEAST_GAIN_ONCE;
  const { metric } = measure;
  const spread = (of: Candidate) => (of.max[metric]! - of.min[metric]!) / 2;
  return (
    gain > LEAST_GAIN && Math.abs(other.median[metric]! - base.median[metric]!) > spread(other) + spread(base)
  );
}

/** The cheapest of those that do best, among the candidates that look better than `base`. */
export function challengerOf(
  candidates: readonly Candidate[],
  base: Candidate,
  measure: Measure,
): Candidate | undefined {
  const better = candidates.filter((candidate) => looksBetter(candidate, base, measure));
  const gain = (candidate: Candidate) => ratio(candidate.median, base.median, measure);
  const best = Math.max(...better.map(gain));
  return better
    .filter((candidate) => gain(candidate) >= best * (1 - LEAST_GAIN))
    .toSorted((a, b) => measure.cost(a) - measure.cost(b) || gain(b) - gain(a))[0];
}

/** Whether a challenger did better each time, and by enough. The best of many looks better than it is. */
export function hasWon({ ratios }: Duel): boolean {
  return ratios.length > 0 && ratios.every((ratio) => ratio > 1) && median(ratios) > 1 + LEAST_GAIN;
}

interface Settled {
  readonly winner: Candidate;
  /** How it compares: the end of a sentence about the winner. */
  readonly how: string;
}

/** The one to take: `base`, unless another one looks better and then wins a duel. */
function settle(candidates: readonly Candidate[], base: Candidate, measure: Measure, duels: Duels): Settled {
  const challenger = challengerOf(candidates, base, measure);
  if (challenger === undefined) return { winner: base, how: 'nothing else does better by more than chance' };
  const duel = duels(challenger, base, measure);
  if (duel === undefined)
    return { winner: base, how: `${challenger.name} looked better, but there was no time to make sure` };
  if (!hasWon(duel))
    return {
      winner: base,
      how: `${challenger.name} looked better, but was not when both were measured again in turn`,
    };
  const gain = formatPercent(median(duel.ratios) - 1);
  return {
    winner: challenger,
    how: `${gain} ${measure.more === 'better' ? 'more' : 'faster'} than ${base.name} in ${countOf(duel.ratios.length, 'pair')} of measurements`,
  };
}

export interface Recommendation {
  /** Only what differs from the defaults. */
  readonly options: WaldoOptions;
  readonly reasons: Readonly<Record<string, Reason>>;
}

/**
 * All recommendations as one. They were found out one after the other, but a slab is at most a page, and the index
 * has an entry for each slab at least.
 */
export function combine(found: readonly Recommendation[]): Recommendation {
  const all: Recommendation = {
    options: Object.assign({}, ...found.map(({ options }) => options)),
    reasons: Object.assign({}, ...found.map(({ reasons }) => reasons)),
  };
  const page = all.options.fileCapacity ?? DEFAULTS.fileCapacity;
  const bounded = bound(all, 'bufCapacity', page, `A slab is at most a page of ${formatSize(page)}.`);
  const slab = Math.min(page, bounded.options.bufCapacity ?? DEFAULTS.bufCapacity);
  const why = `It is at most a slab of ${formatSize(slab)}.`;
  return bound(bounded, 'indexSparseBytes', slab, why);
}

function bound(
  all: Recommendation,
  option: 'bufCapacity' | 'indexSparseBytes',
  most: number,
  why: string,
): Recommendation {
  const value = all.options[option];
  if (value === undefined || value <= most) return all;
  const isDefault = most === DEFAULTS[option];
  const { [option]: _, ...others } = all.options;
  const reason = { value: most, isDefault, reason: `${all.reasons[option]!.reason} ${why}` };
  return {
    options: { ...others, ...(!isDefault && { [option]: most }) },
    reasons: { ...all.reasons, [option]: reason },
  };
}

const THROUGHPUT = { metric: 'logs', more: 'better' } as const;

const rate = (candidate: Candidate) => formatRate(candidate.median.logs!, 'logs');

const UNMEASURED: Reason = {
  value: 'default',
  isDefault: true,
  reason: 'Not measured: there was no time for it.',
};

/** Direct or buffered, and what frames are aligned to. */
export function recommendDirect(stage: Stage | undefined, duels: Duels, direct: boolean): Recommendation {
  const base = stage?.candidates.find(({ at }) => at.way === 'default');
  if (!stage || !base) return { options: {}, reasons: { directIo: UNMEASURED, alignment: UNMEASURED } };
  const way = (prefix: string) => stage.candidates.filter(({ at }) => `${at.way}`.startsWith(prefix));
  const buffered = settle(way('buffered'), base, { ...THROUGHPUT, cost: () => 0 }, duels);
  if (buffered.winner !== base) {
    const reason = `Through the page cache it is ${buffered.how}: ${rate(buffered.winner)}.`;
    // Whether another alignment helps a ring that is not direct was not measured.
    return {
      options: { directIo: false },
      reasons: { directIo: { value: false, isDefault: false, reason }, alignment: alignReason(base) },
    };
  }
  const cost = ({ options }: Candidate) => Number(options.alignment);
  const aligned = settle(way('align'), base, { ...THROUGHPUT, cost }, duels);
  return {
    options: aligned.winner.options,
    reasons: { directIo: directReason(stage, base, buffered, direct), alignment: alignReason(base, aligned) },
  };
}

function directReason(stage: Stage, base: Candidate, { how }: Settled, direct: boolean): Reason {
  const other = stage.candidates.find(({ at }) => at.way === 'buffered');
  const reason = !direct
    ? 'This filesystem does not take O_DIRECT, so rings write through the page cache whatever is asked for.'
    : other === undefined
      ? 'Buffered writing was not measured for want of time.'
      : `O_DIRECT gives ${rate(base)}, the page cache ${rate(other)}: ${how}.`;
  return { value: 'auto', isDefault: true, reason };
}

function alignReason(base: Candidate, settled?: Settled): Reason {
  const auto = formatSize(base.median.alignment ?? 0);
  if (settled === undefined || settled.winner === base) {
    const how = settled ? `: ${settled.how}` : '';
    return { value: 'auto', isDefault: true, reason: `The device asks for ${auto}${how}.` };
  }
  return {
    value: settled.winner.options.alignment!,
    isDefault: false,
    reason: `${settled.how}: ${rate(settled.winner)}.`,
  };
}

export function recommendSlab(
  stage: Stage | undefined,
  duels: Duels,
  ring: Ring,
  workload: Workload,
): Recommendation {
  const base = stage?.candidates[0];
  const needed = atomicSlab(workload);
  const atomic = `An append of ${formatSize(needed)} is atomic only if it fits one slab.`;
  if (!stage || !base) {
    const usual = Math.min(DEFAULTS.bufCapacity, ring.fileCapacity);
    return needed > usual ? slab(needed, atomic) : { options: {}, reasons: { bufCapacity: UNMEASURED } };
  }
  const cost = ({ options }: Candidate) => options.bufCapacity!;
  const { winner, how } = settle(stage.candidates, base, { ...THROUGHPUT, cost }, duels);
  const size = winner.options.bufCapacity!;
  const memory = `${DEFAULTS.poolSize} slabs take up to ${formatSize(size * DEFAULTS.poolSize)} of memory`;
  if (winner !== base) return slab(size, `${how}: ${rate(winner)}; ${memory}.`);
  const measured = `Slabs of ${base.name} give ${rate(base)}; ${how}.`;
  if (size === DEFAULTS.bufCapacity) return slab(size, measured);
  if (needed > DEFAULTS.bufCapacity) return slab(size, `${atomic} ${measured}`);
  return slab(size, `The largest that fits the pages that the disk allowed here. ${measured}`);
}

function slab(bufCapacity: number, reason: string): Recommendation {
  const isDefault = bufCapacity === DEFAULTS.bufCapacity;
  return {
    options: isDefault ? {} : { bufCapacity },
    reasons: { bufCapacity: { value: bufCapacity, isDefault, reason } },
  };
}

export function recommendGeometry(stage: Stage | undefined, duels: Duels, ring: Ring): Recommendation {
  const { ringSize, fileCapacity } = ring;
  const base = stage?.candidates.find(({ at }) => at.ring === ringSize && at.page === fileCapacity);
  const isUsual = fileCapacity === DEFAULTS.fileCapacity;
  if (!stage || !base) {
    const why = isUsual
      ? UNMEASURED.reason
      : 'Fits the disk that rings were allowed to take here; nothing else was measured.';
    return geometry(ringSize, fileCapacity, why, why);
  }
  const cost = ({ at }: Candidate) => Number(at.ring) * Number(at.page);
  const { winner, how } = settle(stage.candidates, base, { ...THROUGHPUT, cost }, duels);
  const [pages, page] = [Number(winner.at.ring), Number(winner.at.page)];
  const keeps = `it keeps at least ${formatSize((pages - 1) * page)} of logs`;
  const why =
    winner === base
      ? `${base.name} give ${rate(base)}, and of ${countOf(stage.candidates.length, 'ring')} measured ${how}`
      : `${winner.name} do ${how}: ${rate(winner)}`;
  return geometry(
    pages,
    page,
    `${why}; ${keeps}. More pages keep more.`,
    isUsual || winner !== base
      ? `${why}. Larger pages keep more.`
      : `${why}. Larger pages did not fit the disk that rings were allowed to take here.`,
  );
}

function geometry(ringSize: number, fileCapacity: number, ringWhy: string, pageWhy: string): Recommendation {
  const usual = { ring: ringSize === DEFAULTS.ringSize, page: fileCapacity === DEFAULTS.fileCapacity };
  return {
    options: { ...(!usual.ring && { ringSize }), ...(!usual.page && { fileCapacity }) },
    reasons: {
      ringSize: { value: ringSize, isDefault: usual.ring, reason: ringWhy },
      fileCapacity: { value: fileCapacity, isDefault: usual.page, reason: pageWhy },
    },
  };
}

/** A denser index must not slow appends down by more than chance. */
export function recommendIndex(stage: Stage | undefined, duels: Duels, workload: Workload): Recommendation {
  const base = stage?.candidates.find(({ at }) => at.distance === DEFAULTS.indexSparseBytes);
  if (!stage || !base)
    return {
      options: {},
      reasons: {
        indexSparseBytes: UNMEASURED,
        indexSparseCount: countReason(DEFAULTS.indexSparseBytes, workload),
      },
    };
  const harmless = stage.candidates.filter((candidate) => !looksBetter(base, candidate, THROUGHPUT));
  const cost = ({ median }: Candidate) => median.index ?? 0;
  const { winner, how } = settle(harmless, base, { metric: 'seek p50', more: 'worse', cost }, duels);
  const seek = formatDuration(winner.median['seek p50']!);
  const distance = Number(winner.at.distance);
  const isDefault = winner === base;
  return {
    options: isDefault ? {} : { indexSparseBytes: distance },
    reasons: {
      indexSparseBytes: {
        value: distance,
        isDefault,
        reason: `A stream from an old log starts in ${seek} (median): ${how}.`,
      },
      indexSparseCount: countReason(distance, workload),
    },
  };
}

function countReason(distance: number, { payload }: Workload): Reason {
  const logs = Math.ceil(distance / packedBytes(payload));
  const first =
    logs <= DEFAULTS.indexSparseCount ? 'so the distance in bytes decides' : 'so the count decides';
  return {
    value: DEFAULTS.indexSparseCount,
    isDefault: true,
    reason: `${formatSize(distance)} hold ${countOf(logs, 'log')} of this size, ${first}.`,
  };
}

/** @param lag bytes that readers are behind, if that was measured */
export function recommendMemory(
  stage: Stage | undefined,
  duels: Duels,
  ring: Ring,
  workload: Workload,
  lag: number | undefined,
): Recommendation {
  const slabs = formatSize(DEFAULTS.poolSize * (ring.bufCapacity ?? DEFAULTS.bufCapacity));
  const pool = settleOption(stage, duels, 'poolSize');
  const cache = settleOption(stage, duels, 'cacheBytes');
  return {
    options: { ...pool?.options, ...cache?.options },
    reasons: {
      poolSize: pool?.reason ?? {
        value: DEFAULTS.poolSize,
        isDefault: true,
        reason: needsPool(ring, workload)
          ? UNMEASURED.reason
          : `Default serves: all appends under way fit its ${slabs}.`,
      },
      queueDepth: {
        value: DEFAULTS.queueDepth,
        isDefault: true,
        reason: 'Default serves: appends run out of slabs before they run out of places in the queue.',
      },
      cacheBytes: cache?.reason ?? {
        value: DEFAULTS.cacheBytes,
        isDefault: true,
        reason: cacheReason(workload, lag),
      },
    },
  };
}

function cacheReason(workload: Workload, lag: number | undefined): string {
  if (workload.readers === 0) return 'Default serves: the workload has no readers.';
  if (lag === undefined || needsCache(workload, lag)) return UNMEASURED.reason;
  return `Default serves: readers are at most ${formatSize(Math.round(lag))} behind (99 % of deliveries).`;
}

function settleOption(
  stage: Stage | undefined,
  duels: Duels,
  option: 'poolSize' | 'cacheBytes',
): { options: WaldoOptions; reason: Reason } | undefined {
  const candidates = stage?.candidates.filter(({ options }) => options[option] !== undefined) ?? [];
  const base = candidates.find(({ options }) => options[option] === DEFAULTS[option]);
  if (!base) return undefined;
  const cost = ({ options }: Candidate) => options[option]!;
  const { winner, how } = settle(candidates, base, { ...THROUGHPUT, cost }, duels);
  const isDefault = winner === base;
  return {
    options: isDefault ? {} : winner.options,
    reason: { value: cost(winner), isDefault, reason: `${winner.name}: ${rate(winner)}; ${how}.` },
  };
}

/** The stage of a name, if anything was measured in it. */
export function stageOf(stages: readonly Stage[], name: StageName): Stage | undefined {
  return stages.find((stage) => stage.name === name && stage.candidates.length > 0);
}
