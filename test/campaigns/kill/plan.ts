// What the seed decides: how a ring is opened, what its writers do, when they are killed.
import type { WaldoOptions } from '../../../src/index.js';
import type { Random } from '../../buffer/campaign/random.js';

const KiB = 1024;

export interface RingPlan {
  readonly options: WaldoOptions;
  readonly onDisk: boolean;
  /** Lives of writers before the ring is removed. */
  readonly kills: number;
  /** Whether a process of its own tails the ring meanwhile. */
  readonly reader: boolean;
  /** Whether writers move a durable cursor, and whether it holds pages. */
  readonly cursor: 'none' | 'plain' | 'hold';
}

/** What one writer is told; it gets this as JSON. */
export interface WriterPlan {
  /** Which life of the ring this is, from 1 on: its batches' contents follow from it. */
  readonly run: number;
  readonly options: WaldoOptions;
  readonly cursor: RingPlan['cursor'];
  readonly callers: number;
  /** Appends of a caller that are not acknowledged yet. */
  readonly inFlight: number;
  /** Whether the ring is open in a worker. */
  readonly worker: boolean;
  /** Acknowledgements before it closes the ring; 0: never. */
  readonly closeAfter: number;
}

/** The writer is killed `delay` ms after its `count`th line that begins with `line`, or after it was started. */
export interface Moment {
  readonly line?: 'opening' | 'open' | 'sub' | 'ack' | 'ask' | 'closing';
  readonly count: number;
  readonly delay: number;
}

export type CheckedBy = 'open' | 'reader' | 'nobody';

export function drawRing(random: Random): RingPlan {
  const cursor = random.pick(['none', 'plain', 'hold'] as const);
  return {
    options: {
      ringSize: random.between(2, 4),
      fileCapacity: random.pick([64, 64, 128]) * KiB,
      bufCapacity: random.pick([16, 64]) * KiB,
      alignment: random.pick([512, 512, 4096]),
      directIo: random.pick(['auto', false]),
      fileODsync: random.chance(0.75),
      poolSize: random.pick([2, 8]),
      cacheBytes: random.pick([0, 1024 * KiB]),
      ...(cursor === 'hold' ? { whenFull: 'wait' } : {}),
    },
    onDisk: random.chance(0.25),
    kills: random.between(15, 30),
    reader: random.chance(0.4),
    cursor,
  };
}

export function drawWriter(random: Random, ring: RingPlan, run: number, moment: Moment): WriterPlan {
  return {
    run,
    options: ring.options,
    cursor: ring.cursor,
    callers: random.pick([1, 4, 8]),
    inFlight: random.pick([1, 3, 20]),
    worker: random.chance(0.25),
    closeAfter: moment.line === 'closing' ? random.between(1, 300) : 0,
  };
}

export function drawMoment(random: Random, cursor: RingPlan['cursor']): Moment {
  const count = random.between(1, 2 ** random.between(0, 9));
  const delay = random.pick([0, 0, random.between(1, 8)]);
  switch (random.between(0, 6)) {
    case 0:
      return { count: 1, delay: random.between(0, 150) };
    case 1:
      return { line: 'opening', count: 1, delay: random.pick([0, 1, 2, 3]) };
    case 2:
      return { line: 'open', count: 1, delay };
    case 3:
      return { line: 'sub', count, delay: 0 };
    case 4:
      return cursor === 'none'
        ? { line: 'ack', count, delay }
        : { line: 'ask', count: random.between(1, 40), delay };
    case 5:
      return { line: 'closing', count: 1, delay: random.pick([0, 0, 1, 2]) };
    default:
      return { line: 'ack', count, delay };
  }
}
