/**
 * Lets a command end in good order on SIGINT and SIGTERM: the first one calls `stop`, a second one ends the
 * process at once, as it would have without this.
 */
export class StopSignals {
  received: NodeJS.Signals | undefined;
  readonly #listener: (signal: NodeJS.Signals) => void;

  constructor(stop: () => void) {
    this.#listener = (signal) => {
      this.dispose();
      this.received = signal;
      stop();
    };
    process.on('SIGINT', this.#listener).on('SIGTERM', this.#listener);
  }

  dispose(): void {
    process.off('SIGINT', this.#listener).off('SIGTERM', this.#listener);
  }
}
