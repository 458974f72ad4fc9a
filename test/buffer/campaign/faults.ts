import { draw, Random } from './random.js';

/**
 * What may befall a request:
 * - `unreachable`: not applied; no answer.
 * - `refused`: not applied; 409, 429 or 5xx.
 * - `denied`: not applied; 403, not worth a retry.
 * - `lost`: applied; the answer does not arrive.
 * - `late`: given up by the caller, then applied, perhaps much later.
 * - `duplicate`: delivered a second time, perhaps much later.
 * - `slow`: a long way there or back.
 * - `partial`: a deletion of some of the keys only.
 */
export type RequestFault =
  | 'unreachable'
  | 'refused'
  | 'denied'
  | 'lost'
  | 'late'
  | 'duplicate'
  | 'slow'
  | 'partial';

/** How much goes wrong in a history; probabilities of one request or one process. */
export interface FaultRates {
  readonly request: number;
  readonly denied: number;
  readonly pause: number;
  readonly kill: number;
}

const WRITE_FAULTS: readonly RequestFault[] = [
  'unreachable',
  'refused',
  'lost',
  'lost',
  'late',
  'late',
  'duplicate',
  'slow',
];
const READ_FAULTS: readonly RequestFault[] = ['unreachable', 'refused', 'slow'];
const DELETE_FAULTS: readonly RequestFault[] = [...WRITE_FAULTS, 'partial', 'partial'];

const LONGEST_PAUSE = 400_000;

/**
 * The faults of a history. Each is drawn by itself from the seed and from what it befalls, and has a name: a history can
 * be run again with some of its faults only.
 */
export class Faults {
  /** The faults that happened, in order. */
  readonly taken: string[] = [];
  /** Nothing goes wrong any more. */
  calm = false;

  /** @param only the names of the faults that may happen; by default all. */
  constructor(
    readonly seed: number,
    readonly rates: FaultRates,
    readonly only?: ReadonlySet<string>,
  ) {}

  /** @param count the how-manieth request of the process it is. */
  ofRequest(
    process: string,
    count: number,
    verb: 'read' | 'write' | 'delete',
    what: string,
  ): RequestFault | undefined {
    const random = new Random(this.seed, 'request', process, count);
    const { request, denied } = this.rates;
    const unit = random.unit();
    if (unit >= request + denied) return undefined;
    const faults = { read: READ_FAULTS, write: WRITE_FAULTS, delete: DELETE_FAULTS }[verb];
    const fault = unit < denied ? 'denied' : random.pick(faults);
    return this.#takes(`${process} request ${count} (${what}) ${fault}`) ? fault : undefined;
  }

  /** Whether a process is paused or killed, and when: milliseconds after its start. */
  ofProcess(
    process: string,
    kind: 'pause' | 'kill',
    spanMs: number,
  ): { atMs: number; forMs: number } | undefined {
    const random = new Random(this.seed, kind, process);
    if (!random.chance(this.rates[kind])) return undefined;
    // Some pauses are longer than any grace period.
    const forMs = random.chance(0.3) ? random.unit() * LONGEST_PAUSE : random.latency(spanMs / 2);
    const fault = { atMs: random.unit() * spanMs, forMs };
    const length = kind === 'pause' ? ` for ${Math.round(forMs)} ms` : '';
    return this.#takes(`${process} ${kind} at ${Math.round(fault.atMs)} ms${length}`) ? fault : undefined;
  }

  /** Numbers for the timing of one request, the same whatever other faults happen. */
  timing(process: string, count: number): Random {
    return new Random(draw(this.seed, 'timing', process, count));
  }

  #takes(name: string): boolean {
    if (this.calm || this.only?.has(name) === false) return false;
    this.taken.push(name);
    return true;
  }
}
