import type { StoreOptions } from './object-store.js';

/** What one request may take, in milliseconds: a connection that hangs must not be waited for for ever. */
const REQUEST_TIMEOUT = 300_000;

/**
 * Runs a request that is given up when the caller's signal fires or the time is up. SDKs that take no signal, or do
 * not heed it at once, are not waited for then.
 */
export async function within<T>(
  { signal }: StoreOptions,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let giveUp = (_reason: unknown) => {};
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  givenUp.catch(() => {}); // the request may have ended first
  const end = (reason: unknown) => {
    controller.abort(reason);
    giveUp(reason);
  };
  const onAbort = () => end(signal?.reason);
  const timer = setTimeout(
    () => end(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
    REQUEST_TIMEOUT,
  );
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const answer = request(controller.signal);
    answer.catch(() => {}); // the other may end first
    return await Promise.race([answer, givenUp]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
