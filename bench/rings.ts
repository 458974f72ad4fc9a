import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { Waldo, type WaldoOptions } from 'waldo';
import type { Context, Scale } from './suite.js';

/** Bytes of a log's header in the ring. */
const LOG_HEADER = 24;
const FRAME_HEADER = 96;

/** What a log takes in the ring. */
export function packedBytes(payloadBytes: number): number {
  return Math.ceil((LOG_HEADER + payloadBytes) / 8) * 8;
}

/** How many logs fit a frame of so many bytes; at least one. */
export function logsPerFrame(payloadBytes: number, frameBytes: number): number {
  return Math.max(1, Math.floor((frameBytes - FRAME_HEADER) / packedBytes(payloadBytes)));
}

/** What a commit of some logs takes on a disk with sectors of 4 KiB. */
export function commitBytes(logs: number, payloadBytes: number): number {
  return Math.ceil((FRAME_HEADER + logs * packedBytes(payloadBytes)) / 4096) * 4096;
}

/** Random payloads, each one different, so that no device can shorten them. */
export function payloads(count: number, bytes: number): Buffer[] {
  const all = randomFillSync(Buffer.allocUnsafe(Math.max(1, count * bytes)));
  return Array.from({ length: count }, (_, i) => all.subarray(i * bytes, (i + 1) * bytes));
}

/** How a ring writes. */
export interface WriteMode {
  readonly directIo: 'auto' | false;
  readonly fileODsync: boolean;
}

export function describeMode({ directIo, fileODsync }: WriteMode): string {
  return `${directIo ? 'direct' : 'buffered'}${fileODsync ? ', O_DSYNC' : ''}`;
}

/** Four pages, 256 MiB in all. */
export function ringOptions(scale: Scale): { ringSize: number; fileCapacity: number; bufCapacity: number } {
  return scale.quick
    ? { ringSize: 4, fileCapacity: 2 ** 18, bufCapacity: 2 ** 17 }
    : { ringSize: 4, fileCapacity: 2 ** 26, bufCapacity: 2 ** 21 };
}

export function ringBytes(scale: Scale): number {
  const { ringSize, fileCapacity } = ringOptions(scale);
  return ringSize * fileCapacity;
}

export function openRing({ directory, scale }: Context, options?: WaldoOptions): Promise<Waldo> {
  return Waldo.open(join(directory, 'ring'), { ...ringOptions(scale), ...options });
}

/** Appends until the ring has wrapped: from then on no page has to be made first. */
export async function fillRing(context: Context, options?: WaldoOptions, payloadBytes = 1000): Promise<void> {
  await using waldo = await openRing(context, { ...options, fileODsync: false });
  const { ringSize, bufCapacity } = waldo.metadata();
  const batch = payloads(logsPerFrame(payloadBytes, bufCapacity / 2), payloadBytes);
  while ((waldo.metadata().pages.at(-1)?.page ?? 0) <= ringSize) await waldo.append(batch);
}

/**
 * Calls `step` again and again for a time, `lanes` at once; the seconds it took until the last had ended.
 */
export async function repeat(seconds: number, lanes: number, step: () => unknown): Promise<number> {
  const start = performance.now();
  const end = start + seconds * 1000;
  const lane = async () => {
    do {
      const pending = step();
      if (pending instanceof Promise) await pending;
    } while (performance.now() < end);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return (performance.now() - start) / 1000;
}
