import { formatSize } from '../../src/units.js';
import { packedBytes } from '../rings.js';

/** What a ring is tuned for. */
export interface Workload {
  /** Data bytes of a log. */
  readonly payload: number;
  /** Logs that one call of `append` carries. */
  readonly logs: number;
  /** Callers that append at the same time, each waiting for its append before it makes the next. */
  readonly callers: number;
  /** Readers that tail the ring in the writer's process. */
  readonly readers: number;
}

export const LIMITS = {
  payload: 2 ** 20,
  batch: 2 ** 26,
  logs: 1_000_000,
  callers: 100_000,
  readers: 100_000,
  /** Bytes that all callers append at once: each of them does it at least twice in a measurement. */
  inFlight: 2 ** 30,
  /** Bytes of disk without which there is no ring whose pages hold the largest log. */
  leastDisk: 2 ** 24,
};

const FRAME_HEADER = 96;
/** What a slab must have beyond the largest log that it takes. */
const SLAB_OVERHEAD = 127;

/**
 * The workload of some flags.
 * @param payload data bytes of a log, 0 to 1 MiB
 * @param batch data bytes that one call of `append` carries; by default, one log
 * @throws `RangeError` if a value is out of range, a batch holds no log or too many, or all of them are too much
 */
export function describeWorkload(
  payload: number,
  batch: number | undefined,
  callers: number,
  readers: number,
): Workload {
  within('--payload', payload, 0, LIMITS.payload);
  within('--callers', callers, 1, LIMITS.callers);
  within('--readers', readers, 0, LIMITS.readers);
  if (batch === undefined) return bounded({ payload, logs: 1, callers, readers });
  within('--batch', batch, 1, LIMITS.batch);
  if (batch < payload)
    throw new RangeError(`--batch ${batch} is less than one log: it must be at least --payload ${payload}`);
  const logs = Math.floor(batch / Math.max(1, payload));
  if (logs > LIMITS.logs)
    throw new RangeError(
      `--batch ${batch} holds ${logs} logs of --payload ${payload}; at most ${LIMITS.logs} logs can be appended at once`,
    );
  return bounded({ payload, logs, callers, readers });
}

function bounded(workload: Workload): Workload {
  const bytes = workload.callers * appendBytes(workload);
  if (bytes <= LIMITS.inFlight) return workload;
  throw new RangeError(
    `--callers ${workload.callers} append ${formatSize(bytes)} at once; at most ${formatSize(LIMITS.inFlight)} can be measured`,
  );
}

/**
 * Checks how much disk rings may take.
 * @throws `RangeError` if that is too little for any
 */
export function checkMaxDisk(bytes: number): void {
  if (bytes < LIMITS.leastDisk)
    throw new RangeError(
      `--max-disk must be at least ${formatSize(LIMITS.leastDisk)}; it is ${formatSize(bytes)}`,
    );
}

function within(flag: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  throw new RangeError(`${flag} must be from ${min} to ${max}; it is ${value}`);
}

/** Bytes that one append takes in a frame. */
export function appendBytes({ payload, logs }: Workload): number {
  return logs * packedBytes(payload);
}

/** Bytes of the largest commit that the workload makes, if slabs do not bound it: one append of each caller. */
export function groupBytes(workload: Workload): number {
  return FRAME_HEADER + workload.callers * appendBytes(workload);
}

/** Bytes of the smallest slab that holds a log of the workload. */
export function smallestSlab({ payload }: Workload): number {
  return Math.ceil((payload + SLAB_OVERHEAD) / 4096) * 4096;
}

/** In words, for people. */
export function sayWorkload({ payload, logs, callers, readers }: Workload): string {
  const what = logs === 1 ? 'one log' : `${logs.toLocaleString('en-US')} logs`;
  const who = callers === 1 ? 'one caller' : `${callers.toLocaleString('en-US')} concurrent callers`;
  const tails =
    readers === 0 ? '' : `, and ${readers.toLocaleString('en-US')} tailing reader${readers === 1 ? '' : 's'}`;
  return `${what} of ${formatSize(payload)} an append, ${who}${tails}`;
}
