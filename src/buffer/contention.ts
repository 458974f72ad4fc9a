import type { Environment } from './environment.js';

/** The widest window: more writers than one manifest serves well. */
const WIDEST = 128;
const NARROWING = 0.9;
/** The longest wait, in milliseconds: a write that seemed to take minutes was that of a process that slept. */
const LONGEST_WAIT = 10_000;
/** So many writes in a row without anybody else in sight; then others are let in, if there are any. */
const STREAK = 4;

/**
 * Spreads the attempts of writers that replace one object if it is unchanged, so that most of them get through and
 * each gets its turn: the window, in times that a write takes, grows by one with each conflict and shrinks by a tenth
 * with each success; before each attempt, a random part of it is waited, and twice that by who has just succeeded. Who
 * sees nobody else does not wait, but for a gap after every fourth write, without which nobody else would be seen.
 */
export class Contention {
  readonly #environment: Environment;
  #window = 0;
  /** Milliseconds from looking at the object to having written it. */
  #writeTime = 1;
  #streak = 0;
  #started = 0;
  #notBefore = 0;
  #conflicted = false;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Whether others may have written since this writer last did, so that what it wrote may not be there any more. */
  get expected(): boolean {
    return this.#window > 0 || this.#streak % STREAK === 0;
  }

  /** Waits for the time of the next attempt. */
  async pause(signal?: AbortSignal): Promise<void> {
    const wait = this.#notBefore - this.#environment.monotonic();
    if (wait > 0) await this.#environment.sleep(wait, signal);
    this.#started = this.#environment.monotonic();
  }

  /** @param others whether somebody else has written since this writer last did. */
  succeeded(others: boolean): void {
    this.#streak++;
    if (others || this.#conflicted) this.#window = Math.max(1, this.#window * NARROWING);
    else this.#window = this.#window < 0.5 ? 0 : this.#window / 2;
    this.#conflicted = false;
    const gap = this.#window > 0 || this.#streak % STREAK === 0 ? 2 * Math.max(1, this.#window) : 0;
    this.#schedule(gap);
  }

  conflicted(): void {
    this.#streak = 0;
    this.#conflicted = true;
    this.#window = Math.min(WIDEST, this.#window + 1);
    this.#schedule(this.#window);
  }

  #schedule(writeTimes: number): void {
    const now = this.#environment.monotonic();
    this.#writeTime = Math.max(1, now - this.#started);
    const longest = Math.min(LONGEST_WAIT, writeTimes * this.#writeTime);
    this.#notBefore = now + this.#environment.random() * longest;
  }
}
