import { Random } from '../buffer/campaign/random.js';
import type { Point } from '../campaigns/soak/flatness.js';

/** What is allowed to a made-up series. */
export const TOLERANCE = { absolute: 10, relative: 0.1 };

/** A sample a second, the same at each run. */
export function series(count: number, at: (second: number, random: Random) => number): Point[] {
  const random = new Random('series');
  return Array.from({ length: count }, (_, t) => ({ t, value: at(t, random) }));
}
