import { setTimeout as delay } from 'node:timers/promises';
import { monotonicFactory } from 'ulid';

/** What the buffer takes from its surroundings; a simulation has its own. */
export interface Environment {
  /** Wall-clock time in milliseconds since the epoch. It is recorded, never waited for. */
  now(): number;
  /** Milliseconds that only ever grow. */
  monotonic(): number;
  /** A number from 0, inclusive, to 1, exclusive. */
  random(): number;
  /** A new ULID, greater than those before it. */
  ulid(): string;
  /**
   * Waits; rejects if the signal fires first.
   * @param background whether the process may end meanwhile.
   */
  sleep(milliseconds: number, signal?: AbortSignal, background?: boolean): Promise<void>;
}

const nextUlid = monotonicFactory();

export const realEnvironment: Environment = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  ulid: () => nextUlid(),
  sleep: (milliseconds, signal, background = false) =>
    delay(milliseconds, undefined, { signal, ref: !background }),
};
