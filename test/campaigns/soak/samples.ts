import type { Point } from './flatness.js';
import type { ProcessFigures } from './process-figures.js';
import type { Counts } from './protocol.js';

/** How a process was at a time. Sizes are in bytes. */
export interface ProcessSample extends ProcessFigures {
  /** Seconds since the start. */
  readonly t: number;
  readonly member: string;
  readonly life: number;
  readonly heap: number;
  readonly external: number;
  /** Logs behind the newest one that was acknowledged. */
  readonly lag: number | undefined;
  /** Since the life began. */
  readonly counts: Counts;
}

/** Bytes on the disk at a time. */
export interface DiskSample {
  readonly t: number;
  readonly ring: number;
  readonly store: number;
}

/** Something that was done to a process. */
export interface SoakEvent {
  readonly t: number;
  readonly member: string;
  readonly event: string;
}

export type Metric = 'rss' | 'heap' | 'external' | 'fds' | 'threads' | 'lag';

/** A figure of a member over time; those of its last life, if asked for. */
export function pointsOf(
  samples: readonly ProcessSample[],
  member: string,
  metric: Metric,
  life?: number,
): Point[] {
  return samples
    .filter((sample) => sample.member === member && (life === undefined || sample.life === life))
    .map((sample) => ({ t: sample.t, value: sample[metric] }))
    .filter((point): point is Point => point.value !== undefined);
}
