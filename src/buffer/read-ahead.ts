import type { BatchDescriptor, FetchedBatch } from './consumed-batch.js';
import type { Environment } from './environment.js';

export interface ReadAheadOptions {
  readonly environment: Environment;
  /** Batches that are fetched ahead. */
  readonly prefetch: number;
  /** Milliseconds between two looks where nothing is new; they double up to ten times that. */
  readonly pollInterval: number;
  /** Whether to wait for more. */
  readonly follow: boolean;
  /** Ends it, by throwing the signal's reason, or what a fetch or a pause that it interrupts throws. */
  readonly signal: AbortSignal;
  /** Descriptors behind those that were yielded, at most so many; none if there are none yet. */
  next(max: number): Promise<readonly BatchDescriptor[]>;
  fetch(descriptor: BatchDescriptor): Promise<FetchedBatch>;
}

/** Batches that are fetched ahead where nothing else is said. */
export const PREFETCH = 4;
/** Milliseconds between two looks where nothing else is said. */
export const POLL_INTERVAL = 100;

/** Descriptors that are taken from a manifest at a time. */
const DESCRIPTORS_AT_ONCE = 4096;

/** Batch after batch in their order, several of them fetched ahead. */
export async function* readAhead(options: ReadAheadOptions): AsyncGenerator<FetchedBatch, void, undefined> {
  const { environment, prefetch, pollInterval, signal } = options;
  let descriptors: readonly BatchDescriptor[] = [];
  let next = 0;
  let pause = pollInterval;
  const ahead: Promise<FetchedBatch>[] = [];
  for (;;) {
    signal.throwIfAborted();
    if (next === descriptors.length && ahead.length === 0) {
      descriptors = await options.next(DESCRIPTORS_AT_ONCE);
      next = 0;
      if (descriptors.length === 0) {
        if (!options.follow) return;
        await environment.sleep(pause, signal);
        pause = Math.min(2 * pause, 10 * pollInterval);
        continue;
      }
      pause = pollInterval;
    }
    while (ahead.length < prefetch && next < descriptors.length) {
      const fetched = options.fetch(descriptors[next++]!);
      fetched.catch(() => {}); // Thrown when it is its turn.
      ahead.push(fetched);
    }
    yield await ahead.shift()!;
  }
}
