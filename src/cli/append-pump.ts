import type { Waldo } from '../index.js';

/** Payload bytes that may be on their way to the disk, and what a log costs in memory besides its bytes. */
const IN_FLIGHT_BYTES = 32 * 2 ** 20;
const LOG_OVERHEAD_BYTES = 128;

/** What became durable. */
export interface Appended {
  logs: number;
  bytes: number;
  firstSeqNo: number | null;
  lastSeqNo: number | null;
}

export interface AppendEvents {
  /** A batch became durable; its last log has this number. */
  onDurable(lastSeqNo: number): void;
  /** An append failed, for the first time. */
  onFailure(): void;
}

/**
 * Appends batch after batch without waiting for each: while one commit is written, what arrives meanwhile
 * shares the next. So a line typed by hand is durable at once, and a fast input is written in large frames.
 * Memory is bounded: `add` waits once enough is in flight.
 */
export class AppendPump {
  readonly appended: Appended = { logs: 0, bytes: 0, firstSeqNo: null, lastSeqNo: null };
  /** The error of the first append that failed. */
  failure: unknown;

  readonly #waldo: Waldo;
  readonly #events: AppendEvents;
  #inFlight = 0;
  #inFlightCost = 0;
  #wake: (() => void) | undefined;

  constructor(waldo: Waldo, events: AppendEvents) {
    this.#waldo = waldo;
    this.#events = events;
  }

  /** Appends the batch; settles when there is room for another. Throws once an append has failed. */
  async add(logs: Uint8Array[]): Promise<void> {
    if (logs.length === 0) return;
    let bytes = 0;
    for (const log of logs) bytes += log.length;
    const cost = bytes + logs.length * LOG_OVERHEAD_BYTES;
    this.#inFlight++;
    this.#inFlightCost += cost;
    this.#waldo
      .append(logs)
      .then(
        (lastSeqNo) => this.#succeeded(logs.length, bytes, lastSeqNo),
        (error: unknown) => this.#failed(error),
      )
      .finally(() => {
        this.#inFlight--;
        this.#inFlightCost -= cost;
        this.#wake?.();
      });
    while (this.#inFlightCost > IN_FLIGHT_BYTES) await this.#settled();
    if (this.failure !== undefined) throw this.failure;
  }

  /** Settles when nothing is in flight any more. */
  async drain(): Promise<void> {
    while (this.#inFlight > 0) await this.#settled();
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #succeeded(logs: number, bytes: number, lastSeqNo: number): void {
    // Lines get consecutive numbers and nobody else writes this ring: the batch's first is as far back as it
    // is long.
    this.appended.firstSeqNo ??= lastSeqNo - logs + 1;
    this.appended.lastSeqNo = lastSeqNo;
    this.appended.logs += logs;
    this.appended.bytes += bytes;
    this.#events.onDurable(lastSeqNo);
  }

  #failed(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    this.#events.onFailure();
  }
}
