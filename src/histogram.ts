import { describe, invalidArgument } from './errors.js';

/** Buckets in which values lie that differ by less than a factor of two: each is at most 1/32 wide. */
const STEPS = 32;
const STEP_BITS = 5;
/** Nanoseconds: three days. What takes longer is counted as that. */
const LONGEST = 2 ** 48 - 1;
const BUCKETS = bucketOf(LONGEST) + 1;

/**
 * How often something took how long. Buckets are as wide as 1/32 of what they hold, so that whatever the times are,
 * percentiles are within 1.6 % of the truth, in 11 KB.
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #max = 0;

  /** Something took so many microseconds, so many times. */
  record(microseconds: number, times = 1): void {
    const nanoseconds = Math.min(Math.max(Math.round(microseconds * 1000), 0), LONGEST);
    this.#counts[bucketOf(nanoseconds)]! += times;
    this.#count += times;
    this.#sum += microseconds * times;
    if (times > 0 && microseconds > this.#max) this.#max = microseconds;
  }

  /** What has been recorded by now; it does not change any more. */
  snapshot(): LatencyHistogram {
    return new LatencyHistogram(this.#counts.slice(), this.#count, this.#sum, this.#max);
  }
}

/** How long something took, in microseconds, since the ring was opened. Everything is 0 while nothing was recorded. */
export class LatencyHistogram {
  /** How many times were recorded. */
  readonly count: number;
  readonly mean: number;
  readonly max: number;
  /** The median. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly #counts: Float64Array;

  /** @internal */
  constructor(counts: Float64Array, count: number, sum: number, max: number) {
    this.#counts = counts;
    this.count = count;
    this.mean = count === 0 ? 0 : sum / count;
    this.max = max;
    this.p50 = this.percentile(50);
    this.p99 = this.percentile(99);
    this.p999 = this.percentile(99.9);
  }

  /**
   * The microseconds that `p` percent of the times did not exceed, within 1.6 %; 100 gives `max`.
   * @param p 0 to 100
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`
   */
  percentile(p: number): number {
    if (typeof p !== 'number' || !(p >= 0 && p <= 100))
      throw invalidArgument(`a percentile is a number from 0 to 100; received ${describe(p)}`);
    const rank = Math.max(1, Math.ceil((p * this.count) / 100));
    if (rank >= this.count) return this.max;
    let passed = 0;
    let bucket = 0;
    while (passed + this.#counts[bucket]! < rank) passed += this.#counts[bucket++]!;
    return Math.min(middleOf(bucket) / 1000, this.max);
  }
}

/** @param nanoseconds an integer up to {@link LONGEST} */
function bucketOf(nanoseconds: number): number {
  if (nanoseconds < STEPS) return nanoseconds;
  // Twice the time is STEPS buckets further.
  if (nanoseconds >= 2 ** 32) return bucketOf(Math.floor(nanoseconds / 2 ** 16)) + 16 * STEPS;
  const shift = 31 - STEP_BITS - Math.clz32(nanoseconds);
  return shift * STEPS + (nanoseconds >>> shift);
}

function middleOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / STEPS) - 1);
  const width = 2 ** shift;
  return (bucket - shift * STEPS) * width + (width - 1) / 2;
}
