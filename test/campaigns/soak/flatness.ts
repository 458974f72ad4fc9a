// Whether a figure that was sampled over time stayed where it was.

/** A figure at a time, in seconds. */
export interface Point {
  readonly t: number;
  readonly value: number;
}

/** How much a figure may have grown; the greater one of both counts. */
export interface Tolerance {
  /** In the figure's own unit. */
  readonly absolute: number;
  /** A part of the median of the first quarter. */
  readonly relative: number;
}

/** What a series of samples says. */
export interface Flatness {
  /** `short`: too few samples to tell. */
  readonly verdict: 'flat' | 'rising' | 'short';
  /** Median of the first quarter of the samples, and of the last. */
  readonly first: number;
  readonly last: number;
  /** What the line through the samples gains from the first to the last. */
  readonly growth: number;
  /** What it gains in an hour. */
  readonly perHour: number;
  /** What it might have gained. */
  readonly allowed: number;
  readonly samples: number;
}

/** Fewer samples than these say nothing. */
const LEAST_SAMPLES = 16;
/** As many pairs of samples as these make a slope: all pairs of 8 hours would be millions. */
const MOST_POINTS = 300;

/**
 * A figure rises if two things say so: the line through its samples (Theil–Sen: the median of the slopes between any
 * two, which outliers do not move) gains more than the tolerance, and so do the medians from the first quarter to the
 * last. Either one alone is moved by a step or a sawtooth that ends where it began. One that falls is flat.
 */
export function flatness(points: readonly Point[], tolerance: Tolerance): Flatness {
  const quarter = Math.max(1, Math.floor(points.length / 4));
  const first = medianOf(points.slice(0, quarter));
  const last = medianOf(points.slice(-quarter));
  const span = points.length > 1 ? points.at(-1)!.t - points[0]!.t : 0;
  const slope = theilSen(thinned(points));
  const growth = slope * span;
  const allowed = Math.max(tolerance.absolute, tolerance.relative * Math.abs(first));
  const rising = growth > allowed && last - first > allowed;
  const verdict = points.length < LEAST_SAMPLES ? 'short' : rising ? 'rising' : 'flat';
  return { verdict, first, last, growth, perHour: slope * 3600, allowed, samples: points.length };
}

/** The median of the slopes between any two points, in units a second; 0 if there are no two. */
function theilSen(points: readonly Point[]): number {
  const slopes: number[] = [];
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      const apart = points[j]!.t - points[i]!.t;
      if (apart > 0) slopes.push((points[j]!.value - points[i]!.value) / apart);
    }
  }
  return slopes.length === 0 ? 0 : median(slopes);
}

/** At most MOST_POINTS of them, each the medians of neighbours. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_POINTS) return points;
  return Array.from({ length: MOST_POINTS }, (_, i) => {
    const at = (place: number) => Math.floor((place * points.length) / MOST_POINTS);
    const neighbours = points.slice(at(i), at(i + 1));
    return { t: median(neighbours.map(({ t }) => t)), value: medianOf(neighbours) };
  });
}

function medianOf(points: readonly Point[]): number {
  return points.length === 0 ? 0 : median(points.map(({ value }) => value));
}

/** @param values at least one */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
