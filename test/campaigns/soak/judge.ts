// Flat or failed: every figure of every process, by its last life.
import { type Flatness, flatness, type Tolerance } from './flatness.js';
import { LOG_BYTES } from './log-size.js';
import type { SoakOptions } from './options.js';
import { type DiskSample, type Metric, type ProcessSample, pointsOf } from './samples.js';

export interface Judgement extends Omit<Flatness, 'verdict'> {
  /** A process, or `disk`. */
  readonly who: string;
  readonly what: Metric | 'ring' | 'store';
  /** `unjudged`: the process, or the run, was too short to tell. */
  readonly verdict: 'flat' | 'rising' | 'unjudged';
}

const MiB = 1024 * 1024;
/** The part of a life in which a process may still grow: caches fill, code is compiled. */
const WARM_UP = 0.25;
/** Seconds of lag that say something: where a machine is busy, whoever follows falls behind by seconds. */
const LEAST_LAG = 300;
const JUDGED = ['rss', 'fds', 'threads', 'lag'] as const satisfies readonly Metric[];

/** @param options what the tolerances of lag depend on */
export function judge(
  samples: readonly ProcessSample[],
  disk: readonly DiskSample[],
  options: Pick<SoakOptions, 'ringSize' | 'fileCapacity' | 'grace'>,
): Judgement[] {
  const tolerances = tolerancesOf(options);
  const members = [...new Set(samples.map(({ member }) => member))].sort();
  const processes = members.flatMap((member) => {
    const life = Math.max(...samples.filter((sample) => sample.member === member).map(({ life }) => life));
    return JUDGED.map((metric) =>
      judged(member, metric, pointsOf(samples, member, metric, life), tolerances[metric]),
    );
  });
  const sizes = (what: 'ring' | 'store', from: number) =>
    judged(
      'disk',
      what,
      disk.filter(({ t }) => t >= from).map((sample) => ({ t: sample.t, value: sample[what] })),
      tolerances[what],
    );
  // Until the first batches may be collected, there are more and more of them.
  return [...processes, sizes('ring', 0), sizes('store', 1.2 * options.grace)];
}

/** Differences below these are how processes breathe, however long they run. */
function tolerancesOf({ ringSize, fileCapacity }: Pick<SoakOptions, 'ringSize' | 'fileCapacity'>) {
  /** That the ring holds, about: nobody can be further behind. */
  const ringLogs = Math.round((ringSize * fileCapacity) / LOG_BYTES);
  return {
    // V8 collects buffers once there are 32 MiB more of them.
    rss: { absolute: 64 * MiB, relative: 0.2 },
    fds: { absolute: 6, relative: 0 },
    threads: { absolute: 3, relative: 0 },
    lag: { absolute: Math.round(ringLogs / 4), relative: 0 },
    ring: { absolute: fileCapacity, relative: 0 },
    store: { absolute: 16 * MiB, relative: 0.25 },
  } satisfies Partial<Record<Judgement['what'], Tolerance>>;
}

function judged(
  who: string,
  what: Judgement['what'],
  points: readonly { t: number; value: number }[],
  tolerance: Tolerance,
): Judgement {
  const warm = points.slice(Math.floor(points.length * WARM_UP));
  const { verdict, ...figures } = flatness(warm, tolerance);
  const seconds = warm.length === 0 ? 0 : warm.at(-1)!.t - warm[0]!.t;
  const short = verdict === 'short' || (what === 'lag' && seconds < LEAST_LAG);
  return { who, what, verdict: short ? 'unjudged' : verdict, ...figures };
}
