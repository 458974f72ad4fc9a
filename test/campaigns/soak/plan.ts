import { Random } from '../../buffer/campaign/random.js';
import type { SoakOptions } from './options.js';

export interface PlannedKill {
  /** Seconds after the start. */
  readonly at: number;
  readonly member: string;
}

export const readerName = (index: number) => `reader ${index}`;

/** The one that is killed; the first is never, so that it lives through all that befalls the others. */
export const killedReader = (readers: number) => readerName(readers - 1);

/**
 * Who is killed when. The writer, the uploader and the consumer only in the first half: their last lives are to be long
 * enough to see whether they grow.
 */
export function planKills(
  options: Pick<SoakOptions, 'seconds' | 'seed' | 'kills' | 'readers'>,
): PlannedKill[] {
  const { seconds, seed, kills, readers } = options;
  const random = new Random(seed, 'kills');
  const some = (member: string, count: number, from: number, to: number): PlannedKill[] =>
    Array.from({ length: count }, () => ({ at: (from + random.unit() * (to - from)) * seconds, member }));
  return [
    ...some('writer', kills, 0.1, 0.45),
    ...some('uploader', kills, 0.05, 0.45),
    ...some('consumer', kills, 0.05, 0.45),
    ...some(killedReader(readers), 2 * kills, 0.05, 0.9),
  ].sort((a, b) => a.at - b.at);
}
