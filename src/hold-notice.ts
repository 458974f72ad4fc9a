import type { Admission } from './admission.js';
import type { Engine } from './engine.js';
import { holdChannel } from './telemetry.js';

/** Tells those who listen when a durable cursor begins to keep appends from a page, and when it ceases to. */
export class HoldNotice {
  readonly #directory: string;
  readonly #engine: Engine;
  readonly #admission: Admission;
  #held = false;
  /** The cursor that listeners were told of, and where it was. */
  #told: { readonly cursor: string; readonly position: number } | undefined;

  constructor(directory: string, engine: Engine, admission: Admission) {
    this.#directory = directory;
    this.#engine = engine;
    this.#admission = admission;
  }

  /** An append was admitted, or was not. */
  admitted(admitted: boolean, tip: number): void {
    if (admitted !== this.#held) return;
    this.#held = !admitted;
    if (admitted) this.#released(tip);
    else if (holdChannel.hasSubscribers) this.#holds(tip);
  }

  #holds(tip: number): void {
    const { cursor, lag } = this.#admission.error(tip);
    // Cursors that cannot be read hold everything; the append says so.
    if (cursor === undefined || lag === undefined) return;
    this.#told = { cursor, position: tip - lag };
    this.#publish('held', cursor, tip - lag, tip);
  }

  #released(tip: number): void {
    const told = this.#told;
    if (told === undefined) return;
    this.#told = undefined;
    const cursors = this.#engine.native.cursors();
    const now = Array.isArray(cursors) ? cursors.find(({ name }) => name === told.cursor) : undefined;
    this.#publish('released', told.cursor, now?.position ?? told.position, tip);
  }

  #publish(state: 'held' | 'released', cursor: string, position: number, tip: number): void {
    const lag = Math.max(0, tip - position);
    const message = { directory: this.#directory, state, cursor, position, lag };
    // Who listens may append: not in the middle of an append.
    process.nextTick(() => holdChannel.publish(message));
  }
}
