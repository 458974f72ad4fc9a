import { invalidArgument } from './errors.js';

/** Something that an AbortSignal may end. */
export interface Abortable {
  abort(reason: unknown): void;
}

/** All that one signal may end. */
class Subscription {
  readonly targets = new Set<Abortable>();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this);
  }

  handleEvent(): void {
    for (const target of [...this.targets]) target.abort(this.#signal.reason);
  }

  dispose(): void {
    this.#signal.removeEventListener('abort', this);
  }
}

/**
 * One listener a signal, however many streams and appends it may end: adding ten thousand listeners to a
 * signal takes time in the square of their number. The listener is gone as soon as nothing is left to be
 * ended.
 */
export class AbortRegistry {
  readonly #subscriptions = new Map<AbortSignal, Subscription>();

  add(signal: AbortSignal, target: Abortable): void {
    let subscription = this.#subscriptions.get(signal);
    if (subscription === undefined) {
      subscription = new Subscription(signal);
      this.#subscriptions.set(signal, subscription);
    }
    subscription.targets.add(target);
  }

  delete(signal: AbortSignal, target: Abortable): void {
    const subscription = this.#subscriptions.get(signal);
    if (subscription?.targets.delete(target) !== true || subscription.targets.size > 0) return;
    subscription.dispose();
    this.#subscriptions.delete(signal);
  }
}

/** The `signal` of a method's options. */
export function readSignal(
  options: { readonly signal?: AbortSignal } | undefined,
  method: string,
): AbortSignal | undefined {
  const signal: unknown = options?.signal;
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw invalidArgument(`option signal of ${method} is not an AbortSignal`);
}
