/** The middle one of some values, or what lies halfway between the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const BUCKETS_PER_MS = 200;
const LONGEST_MS = 10_000;

/** Durations in buckets of 5 µs up to 10 s: recording one costs next to nothing. */
export class Histogram {
  readonly #buckets = new Uint32Array(LONGEST_MS * BUCKETS_PER_MS + 1);
  #count = 0;

  record(milliseconds: number): void {
    this.#buckets[Math.min(milliseconds * BUCKETS_PER_MS, this.#buckets.length - 1) >>> 0]!++;
    this.#count++;
  }

  /** Milliseconds that the given part of the durations does not exceed; 0 if there are none. */
  quantile(part: number): number {
    let left = part * this.#count;
    for (let bucket = 0; bucket < this.#buckets.length; bucket++) {
      left -= this.#buckets[bucket]!;
      if (left <= 0 && this.#buckets[bucket]! > 0) return (bucket + 0.5) / BUCKETS_PER_MS;
    }
    return 0;
  }
}

/** Exact quantiles of some durations, in the unit they are in. */
export function quantiles(durations: readonly number[]): { p50: number; p99: number; p999: number } {
  const sorted = Float64Array.from(durations).sort();
  const at = (part: number) => sorted[Math.min(Math.floor(part * sorted.length), sorted.length - 1)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}
