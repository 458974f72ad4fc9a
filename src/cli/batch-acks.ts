import type { ConsumedBatch, Consumer } from '../buffer/index.js';

/** Milliseconds between two writes of the manifest, at least. */
const INTERVAL_MS = 1000;

/** Acks batches, and sees to it that the manifest learns of it soon, also while few come. */
export class BatchAcks {
  readonly #consumer: Consumer;
  #timer: NodeJS.Timeout | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  /** @throws what an earlier write of the manifest failed with */
  async done(batch: ConsumedBatch): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    await batch.ack();
    this.#timer ??= setTimeout(() => this.#flush(), INTERVAL_MS);
  }

  /** Writes what is left, and closes the consumer. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#consumer.close();
  }

  #flush(): void {
    this.#consumer.flush().then(
      () => {
        this.#timer = undefined;
      },
      (error) => {
        this.#failure = { error };
      },
    );
  }
}
