import { setTimeout as sleep } from 'node:timers/promises';
import { Waldo } from '../../../src/index.js';
import type { Random } from '../../buffer/campaign/random.js';
import { Child } from './child.js';
import { Kept } from './kept.js';
import { type CheckedBy, drawMoment, drawWriter, type Moment, type RingPlan } from './plan.js';

/** A moment that has not come by then comes now, in ms: a ring that waits is killed as well. */
const LONGEST = 1500;

export interface Totals {
  rings: number;
  kills: number;
  disk: number;
  acknowledgements: number;
  workers: number;
  readers: number;
  closed: number;
}

/** One ring, whose writers are killed one after the other. Throws if it is not as it must be. */
export class KilledRing {
  readonly #kept: Kept;
  #reader: Child | undefined;
  /** What the reader, or one before it, stumbled over. */
  #readerFailed: string | undefined;
  /** What is going on, for who reads of a failure. */
  doing = '';

  constructor(
    readonly plan: RingPlan,
    readonly directory: string,
    readonly random: Random,
    readonly totals: Totals,
  ) {
    this.#kept = new Kept(plan.options.ringSize!);
  }

  /** Until so many writers were killed, or `stopped` says true. */
  async run(kills: number, stopped: () => boolean): Promise<void> {
    try {
      for (let killed = 0, run = 1; killed < kills && !stopped(); run++) {
        if (await this.#life(run)) killed++;
        const checkedBy = this.random.pick<CheckedBy>(['open', 'open', 'reader', 'nobody']);
        this.doing = `run ${run}, checked by ${checkedBy}`;
        await this.#check(checkedBy);
        if (this.plan.reader && !stopped()) await this.#readOn();
      }
      this.doing = 'the last check';
      await this.#check('open');
      this.totals.rings++;
    } finally {
      this.totals.acknowledgements += this.#kept.acknowledgements;
      this.#reader?.kill();
      await this.#reader?.ended;
    }
  }

  /** Whether the writer was killed; it may have closed the ring before. */
  async #life(run: number): Promise<boolean> {
    const moment = drawMoment(this.random, this.plan.cursor);
    const plan = drawWriter(this.random, this.plan, run, moment);
    this.doing = `run ${run}: ${JSON.stringify({ moment, ...plan, options: undefined })}`;
    this.#kept.start(run);
    let closed = false;
    const killer = new Killer(moment, () => writer.kill());
    const writer = new Child('writer', [this.directory, JSON.stringify(plan)], (line) => {
      this.#kept.writer(line);
      killer.heard(line);
      closed ||= line === 'closed';
    });
    killer.started();
    const { code, signal, stderr } = await writer.ended;
    killer.stop();
    if (stderr !== '' || (signal !== 'SIGKILL' && !(code === 0 && closed)))
      throw new Error(`the writer ended with ${signal ?? code}: ${stderr}`);
    if (signal !== 'SIGKILL') {
      this.totals.closed++;
      return false;
    }
    this.totals.kills++;
    if (this.plan.onDisk) this.totals.disk++;
    if (plan.worker) this.totals.workers++;
    if (this.#reader !== undefined) this.totals.readers++;
    return true;
  }

  async #check(by: CheckedBy): Promise<void> {
    if (this.#readerFailed !== undefined) throw new Error(`a reader failed: ${this.#readerFailed}`);
    if (by === 'nobody') return;
    const open = () => Waldo.open(this.directory, this.plan.options);
    // There may be no ring yet for a reader.
    const ring =
      by === 'open' ? await open() : await Waldo.openReader(this.directory).catch(orNotFound(open));
    try {
      await this.#kept.check(ring);
    } finally {
      await ring.close();
    }
  }

  /** Starts the reader once there is a ring; now and then kills it, and starts another one. */
  async #readOn(): Promise<void> {
    if (this.#reader !== undefined && this.random.chance(0.2)) {
      this.#reader.kill();
      await this.#reader.ended;
      this.#reader = undefined;
    }
    if (this.#reader !== undefined) return;
    // There is one for sure after this.
    await (await Waldo.open(this.directory, this.plan.options)).close();
    const reader = new Child('reader', [this.directory], (line) => this.#kept.reader(line));
    this.#reader = reader;
    reader.ended.then(
      ({ code, signal, stderr }) => {
        if (signal !== 'SIGKILL') this.#readerFailed = `it ended with ${signal ?? code}: ${stderr}`;
      },
      (error: Error) => {
        this.#readerFailed = error.message;
      },
    );
  }
}

function orNotFound<T>(otherwise: () => Promise<T>): (error: { code?: string }) => Promise<T> {
  return (error) => {
    if (error.code !== 'WALDO_NOT_FOUND') throw error;
    return otherwise();
  };
}

/** Calls `kill` when the moment has come. */
class Killer {
  readonly #moment: Moment;
  readonly #kill: () => void;
  readonly #stop = new AbortController();
  #seen = 0;

  constructor(moment: Moment, kill: () => void) {
    this.#moment = moment;
    this.#kill = kill;
  }

  started(): void {
    this.#killAfter(this.#moment.line === undefined ? this.#moment.delay : LONGEST);
  }

  heard(line: string): void {
    const { line: what, count, delay } = this.#moment;
    if (what === undefined || line.split(' ', 1)[0] !== what || ++this.#seen !== count) return;
    if (delay === 0) this.#kill();
    else this.#killAfter(delay);
  }

  #killAfter(milliseconds: number): void {
    sleep(milliseconds, undefined, { signal: this.#stop.signal }).then(this.#kill, () => {});
  }

  stop(): void {
    this.#stop.abort();
  }
}
