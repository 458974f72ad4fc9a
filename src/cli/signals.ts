/**
 * Lets a command end in good order on SIGINT and SIGTERM: the first one calls `stop`, a second one ends the
 * process at once, as it would have without this. With `hold`, SIGHUP is heard too, and nothing happens on a
 * second signal: for commands that have files to remove.
 */
export class StopSignals {
  received: NodeJS.Signals | undefined;
  readonly #signals: readonly NodeJS.Signals[];
  readonly #listener: (signal: NodeJS.Signals) => void;

  constructor(stop: () => void, { hold = false } = {}) {
    this.#signals = hold ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM'];
    this.#listener = (signal) => {
      if (this.received !== undefined) return;
      if (!hold) this.dispose();
      this.received = signal;
      stop();
    };
    for (const signal of this.#signals) process.on(signal, this.#listener);
  }

  dispose(): void {
    for (const signal of this.#signals) process.off(signal, this.#listener);
  }
}
