/** Milliseconds that a rate is measured over. */
const WINDOW_MS = 5000;
/** Columns of a bar: at most so many, and a multiple of these, so that it seldom changes as numbers grow. */
const LONGEST = 30;
const STEP = 5;

/** How fast a number grows, over the last few seconds. */
export class RateMeter {
  readonly #now: () => number;
  readonly #samples: { readonly time: number; readonly value: number }[] = [];

  /** @param now milliseconds that only ever grow */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#samples.push({ time: now(), value: 0 });
  }

  /** Takes the number as it is now; returns how much it grows a second. */
  perSecond(value: number): number {
    const time = this.#now();
    this.#samples.push({ time, value });
    while (this.#samples.length > 2 && this.#samples[1]!.time <= time - WINDOW_MS) this.#samples.shift();
    const oldest = this.#samples[0]!;
    return time === oldest.time ? 0 : ((value - oldest.value) / (time - oldest.time)) * 1000;
  }
}

/**
 * A bar, a percentage and what else is to be told, in one line. The bar takes what the line has left; where that is too
 * little there is none.
 * @param fraction 0 to 1
 */
export function progressBar(fraction: number, text: string, columns: number): string {
  const percent = `${Math.floor(fraction * 100)}`.padStart(3);
  const room = Math.min(LONGEST, columns - text.length - '[] 100 % '.length - 1);
  const length = room - (room % STEP);
  if (length <= 0) return `${percent} % ${text}`;
  const filled = Math.floor(fraction * length);
  return `[${'#'.repeat(filled)}${'-'.repeat(length - filled)}] ${percent} % ${text}`;
}

/** Bytes a second, in the units of networks. */
export function formatRate(bytesPerSecond: number): string {
  return `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`;
}
