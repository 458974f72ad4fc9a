import type { Environment } from '../../../src/buffer/environment.js';
import { Random } from './random.js';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Milliseconds since the epoch at which every history starts. */
export const START = 1_700_000_000_000;

/** Milliseconds by which a process's clock may be wrong. */
const LARGEST_SKEW = 5000;

/** The virtual time of a history may not exceed this: something then waits for what never comes. */
const LIMIT_MS = 3_600_000;

/**
 * Virtual time. An event is run when all promise jobs of the one before have run, so that a history depends on its seed
 * alone and takes no longer than its computations.
 */
export class Simulation {
  /** Milliseconds since the history's start. */
  now = 0;
  readonly #events: Event[] = [];
  #order = 0;

  schedule(delayMs: number, run: () => void): void {
    if (delayMs === Number.POSITIVE_INFINITY) return;
    this.#push({ at: this.now + Math.max(0, delayMs), order: this.#order++, run });
  }

  /** Lets time pass until `main` is settled. Rejects if that can never be. */
  run<T>(main: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = () => {
        settled = true;
      };
      main.then(settle, settle);
      const step = () => {
        if (settled) return resolve(main);
        const event = this.#pop();
        if (event === undefined) return reject(new Error('nothing is left to happen, yet somebody waits'));
        if (event.at > LIMIT_MS)
          return reject(new Error(`somebody still waits after ${LIMIT_MS} virtual ms`));
        this.now = event.at;
        event.run();
        next();
      };
      // The job queue is drained before the next tick: the step comes after everything that the event set off.
      const next = () => queueMicrotask(() => process.nextTick(step));
      next();
    });
  }

  #push(event: Event): void {
    const events = this.#events;
    let index = events.length;
    events.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(event, events[parent]!)) break;
      events[index] = events[parent]!;
      index = parent;
    }
    events[index] = event;
  }

  #pop(): Event | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (last === undefined || events.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && before(events[child + 1]!, events[child]!)) child++;
      if (!before(events[child]!, last)) break;
      events[index] = events[child]!;
      index = child;
    }
    events[index] = last;
    return first;
  }
}

function before(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/**
 * One life of a process: it can be paused, when whatever comes for it waits, and killed, when nothing reaches it any more
 * and its promises stay pending for good. Requests that it has sent are on their way all the same.
 */
export class SimulatedProcess {
  readonly environment: Environment;
  readonly #simulation: Simulation;
  readonly #held: (() => void)[] = [];
  readonly #killed: (() => void)[] = [];
  #state: 'running' | 'paused' | 'killed' = 'running';

  /** @param name unique in the history: random numbers and ULIDs are made from it. */
  constructor(
    simulation: Simulation,
    seed: number,
    readonly name: string,
  ) {
    this.#simulation = simulation;
    const random = new Random(seed, name);
    const skew = (random.unit() - 0.5) * 2 * LARGEST_SKEW;
    const wallClock = () => START + Math.floor(simulation.now + skew);
    let lastTime = -1;
    let lastUlid = '';
    this.environment = {
      now: wallClock,
      monotonic: () => simulation.now,
      random: () => random.unit(),
      ulid: () => {
        const time = wallClock();
        lastUlid = time > lastTime ? encodeTime(time) + randomPart(random) : increment(lastUlid);
        lastTime = Math.max(time, lastTime);
        return lastUlid;
      },
      sleep: (milliseconds, signal) => this.#sleep(milliseconds, signal),
    };
  }

  get alive(): boolean {
    return this.#state !== 'killed';
  }

  /** Runs `callback` now, when the process goes on, or never. */
  deliver(callback: () => void): void {
    if (this.#state === 'running') callback();
    else if (this.#state === 'paused') this.#held.push(callback);
  }

  pause(milliseconds: number): void {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.#simulation.schedule(milliseconds, () => {
      if (this.#state !== 'paused') return;
      this.#state = 'running';
      for (const callback of this.#held.splice(0)) callback();
    });
  }

  kill(): void {
    this.#state = 'killed';
    this.#held.length = 0;
    for (const notify of this.#killed.splice(0)) notify();
  }

  /** Resolves with what `work` resolves to, or to `undefined` once the process is killed. */
  survive<T>(work: Promise<T>): Promise<T | undefined> {
    if (!this.alive) return Promise.resolve(undefined);
    return Promise.race([
      work,
      new Promise<undefined>((resolve) => this.#killed.push(() => resolve(undefined))),
    ]);
  }

  #sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const abort = () => reject(signal!.reason);
      signal?.addEventListener('abort', abort, { once: true });
      this.#simulation.schedule(milliseconds, () =>
        this.deliver(() => {
          signal?.removeEventListener('abort', abort);
          resolve();
        }),
      );
    });
  }
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function encodeTime(milliseconds: number): string {
  let text = '';
  for (let digit = 0; digit < 10; digit++) {
    text = CROCKFORD[milliseconds % 32]! + text;
    milliseconds = Math.floor(milliseconds / 32);
  }
  return text;
}

function randomPart(random: Random): string {
  // The first digit stays low, so that counting on never overflows.
  let text = CROCKFORD[random.between(0, 15)]!;
  while (text.length < 16) text += CROCKFORD[random.between(0, 31)];
  return text;
}

function increment(ulid: string): string {
  let index = ulid.length - 1;
  while (ulid[index] === 'Z') index--;
  const digit = CROCKFORD[CROCKFORD.indexOf(ulid[index]!) + 1]!;
  return ulid.slice(0, index) + digit + '0'.repeat(ulid.length - 1 - index);
}
