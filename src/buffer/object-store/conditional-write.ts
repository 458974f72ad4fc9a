import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { WaldoError } from '../../errors.js';
import { throwIfAborted } from './arguments.js';
import type { StoreOptions } from './object-store.js';
import { preconditionFailed, storeFailed } from './store-errors.js';

/** Longest pauses before the second and further attempts, in milliseconds. */
const PAUSES = [40, 160, 640];

/** How an attempt ended that did not succeed. */
export interface Attempted {
  /**
   * `refused`: the condition did not hold. `collided`: another write was under way; it was not applied. `failed`: as
   * `error` says; it may have been applied.
   */
  readonly kind: 'refused' | 'collided' | 'failed';
  /** Whether the SDK sent the request more than once. */
  readonly repeated: boolean;
  readonly error: WaldoError;
}

export interface ConditionalWrite {
  /** The object's, for messages. */
  readonly name: string;
  /** What it means that the condition does not hold. */
  readonly why: string;
  readonly options: StoreOptions;
  /** Whether a write that failed, and may have been applied, is tried again here; some SDKs do it themselves. */
  readonly retries: boolean;
  /** One attempt; `writeId` goes into the object's metadata. → the new version. */
  write(writeId: string): Promise<string>;
  understand(error: unknown): Attempted;
  /** The object that is there now, if there is one. */
  find(): Promise<{ readonly writeId: string | undefined; readonly version: string } | undefined>;
}

/**
 * Writes an object under a condition. A write that is repeated because its answer was lost finds the condition broken,
 * by itself perhaps: the object's write id tells. If it is another's, ours may have won first and been replaced since:
 * that is reported as what nobody knows, not as a refusal. Contents never decide: two writers may write the same.
 * @returns the new version.
 */
export async function writeConditionally(request: ConditionalWrite): Promise<string> {
  const { name, options } = request;
  const writeId = randomUUID();
  let repeated = false;
  for (let attempt = 0; ; attempt++) {
    let attempted: Attempted;
    try {
      return await request.write(writeId);
    } catch (error) {
      attempted = request.understand(error);
    }
    repeated ||= attempted.repeated;
    if (attempted.kind === 'refused') {
      if (!repeated) throw preconditionFailed(name, request.why);
      const found = await request.find();
      if (found?.writeId === writeId) return found.version;
      throw unknownOutcome(name);
    }
    const again = attempted.kind === 'collided' || (request.retries && attempted.error.retryable === true);
    const pause = PAUSES[attempt];
    if (!again || pause === undefined) throw attempted.error;
    repeated ||= attempted.kind === 'failed';
    await pauseFor(pause, name, options);
  }
}

/** Repeats what changes nothing, a few times. */
export async function retryRead<T>(
  name: string,
  options: StoreOptions,
  read: () => Promise<T>,
  understand: (error: unknown) => WaldoError,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      const understood = understand(error);
      const pause = PAUSES[attempt];
      if (understood.retryable !== true || pause === undefined) throw understood;
      await pauseFor(pause, name, options);
    }
  }
}

async function pauseFor(longest: number, name: string, options: StoreOptions): Promise<void> {
  await delay(longest * (0.5 + Math.random() / 2), undefined, { signal: options.signal }).catch(() => {});
  throwIfAborted(options, name);
}

function unknownOutcome(name: string): WaldoError {
  const what =
    'a conditional write was repeated and then refused; whether its first attempt won cannot be told';
  return storeFailed(name, what, { retryable: true });
}
