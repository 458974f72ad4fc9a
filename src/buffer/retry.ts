import { hasCode, type WaldoError } from '../errors.js';
import type { Environment } from './environment.js';

/** The first pause, the longest pause, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 5000;

/** Milliseconds for which a store that fails is tried again where nothing else is said. */
export const RETRY_TIMEOUT = 60_000;

export interface RetryOptions {
  readonly environment: Environment;
  /** Milliseconds from the first failure after which no further attempt is made; may be `Infinity`. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of each failure that is followed by another attempt. */
  readonly onRetry?: ((error: WaldoError, attempt: number) => void) | undefined;
}

/** Pauses that double from attempt to attempt, each of a random part of its length, until the time is up. */
export class Backoff {
  readonly #options: RetryOptions;
  #attempt = 0;
  #deadline: number | undefined;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /**
   * Waits before another attempt.
   * @throws `error` itself where trying again would not help, or the time is up; the signal's reason if it fired.
   */
  async pause(error: unknown): Promise<void> {
    const { environment, timeout, signal, onRetry } = this.#options;
    signal?.throwIfAborted();
    if (!isRetryable(error)) throw error;
    const now = environment.monotonic();
    this.#deadline ??= now + timeout;
    if (now >= this.#deadline) throw error;
    this.#attempt++;
    onRetry?.(error, this.#attempt);
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#attempt - 1));
    await environment.sleep(
      Math.min(longest * (0.5 + environment.random() / 2), this.#deadline - now),
      signal,
    );
  }

  /** An attempt got through: what comes next starts afresh. */
  reset(): void {
    this.#attempt = 0;
    this.#deadline = undefined;
  }
}

/** Repeats what is safe to repeat until it succeeds, fails for good, or the time is up. */
export async function retrying<T>(options: RetryOptions, operation: () => Promise<T>): Promise<T> {
  const backoff = new Backoff(options);
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      await backoff.pause(error);
    }
  }
}

/** Whether a store may do it when asked again. */
export function isRetryable(error: unknown): error is WaldoError {
  return hasCode(error, 'WALDO_STORE') && error.retryable === true;
}

export function isPrecondition(error: unknown): error is WaldoError {
  return hasCode(error, 'WALDO_PRECONDITION');
}
