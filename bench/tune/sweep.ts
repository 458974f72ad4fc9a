import { formatSize } from '../../src/units.js';
import { StoppedError } from '../answers.js';
import { buildRaw } from '../raw.js';
import { median } from '../statistics.js';
import type { Figures } from '../suite.js';
import { formatRate } from './format.js';
import { describeMachine, freeBytes, isDirectory } from './machine.js';
import { OVERHEAD, type Schedule, schedule, stageBudget } from './plan.js';
import {
  combine,
  type Duels,
  type Measure,
  type Recommendation,
  ratio,
  recommendDirect,
  recommendGeometry,
  recommendIndex,
  recommendMemory,
  recommendSlab,
  stageOf,
} from './recommend.js';
import type { Candidate, Duel, Stage, StageName, TuneResult } from './result.js';
import * as trials from './trials.js';
import { LIMITS, type Workload } from './workload.js';
import { Workplace } from './workplace.js';

const MIB = 2 ** 20;
const MOST_DISK = 8 * 2 ** 30;
/** For directories and whatever else a filesystem needs. */
const SPARE_BYTES = 16 * MIB;
/** Below this, the raw loops go over small files. */
const RAW_NEEDS = 1024 * MIB;

/** What looks better is measured again beside what there is, so often and for so long. */
const DUEL_PAIRS = 5;
const DUEL_SECONDS = 0.25;
/** Of the time that is left. */
const MOST_FOR_DUEL = 0.4;

export interface TuneOptions {
  /** Any directory of the disk to tune for. */
  readonly directory: string;
  readonly workload: Workload;
  /** Of the whole sweep. */
  readonly seconds: number;
  /** Bytes that rings may take; by default a quarter of what is free, at most 8 GiB. */
  readonly maxDisk?: number;
}

export interface Progress {
  readonly title: string;
  /** Measurement `n` of `total` in this stage. */
  readonly n: number;
  readonly total: number;
  readonly secondsLeft: number;
  /** What the workload has reached so far, in words. */
  readonly best: string | undefined;
}

/** What a sweep tells while it goes on. */
export interface TuneView {
  stage(title: string, measurements: number): void;
  progress(progress: Progress): void;
  note(text: string): void;
}

const TITLES: Readonly<Record<StageName, string>> = {
  disk: 'Raw writes',
  direct: 'Direct I/O and alignment',
  slab: 'Slab size',
  batch: 'Throughput by batch size',
  geometry: 'Ring × page size',
  index: 'Index density',
  latency: 'Latency by callers',
  fanout: 'Fan-out to readers',
  memory: 'Slabs and cache',
};

/**
 * Finds out what options serve a workload best on the disk of a directory. What it makes there is removed
 * however it ends.
 * @param workplaceOn makes the place where tasks are done
 * @throws {@link StoppedError} once `signal` is aborted; an `Error` that says what is wrong with the directory
 */
export async function tune(
  options: TuneOptions,
  view: TuneView,
  signal: AbortSignal,
  workplaceOn = (directory: string, small: boolean): Bench => new Workplace(directory, small),
): Promise<TuneResult> {
  const room = roomFor(options);
  const workplace = workplaceOn(options.directory, room < RAW_NEEDS);
  const stop = () => workplace.stop();
  signal.addEventListener('abort', stop);
  try {
    return await new Sweep(options, room, workplace, view).run();
  } finally {
    signal.removeEventListener('abort', stop);
    workplace.close();
  }
}

/** What a sweep needs of a {@link Workplace}. */
export type Bench = Pick<Workplace, 'run' | 'forget' | 'stop' | 'close'>;

/** Bytes of disk that rings may take. */
function roomFor({ directory, maxDisk }: TuneOptions): number {
  if (!isDirectory(directory)) throw new Error(`${directory} is not a directory`);
  const free = freeBytes(directory);
  const room = maxDisk ?? Math.min(Math.floor(free / 4), MOST_DISK);
  if (maxDisk === undefined && room < LIMITS.leastDisk)
    throw new Error(
      `tuning needs ${formatSize(4 * LIMITS.leastDisk)} free on the disk of ${directory}; there are ${formatSize(free)}`,
    );
  if (room + SPARE_BYTES > free)
    throw new Error(
      `${formatSize(room)} for rings and ${formatSize(SPARE_BYTES)} to spare do not fit the disk of ${directory}: ` +
        `${formatSize(free)} are free; use a lower --max-disk`,
    );
  return room;
}

class Sweep {
  readonly #options: TuneOptions;
  readonly #maxDisk: number;
  readonly #workplace: Bench;
  readonly #view: TuneView;
  readonly #start = performance.now();
  readonly #stages: Stage[] = [];
  readonly #notes: string[] = [];
  readonly #found: Recommendation[] = [];
  #ring: trials.Ring;
  /** Whether the ring that stages share is there, taking disk. */
  #hasBase = false;
  readonly #rough: { title: string; seconds: number }[] = [];
  #bytesPerSecond = 200e6;
  #best: { logs: number; text: string } | undefined;

  constructor(options: TuneOptions, maxDisk: number, workplace: Bench, view: TuneView) {
    this.#options = options;
    this.#maxDisk = maxDisk;
    this.#workplace = workplace;
    this.#view = view;
    this.#ring = trials.baseRing(maxDisk);
  }

  async run(): Promise<TuneResult> {
    const { directory, workload, seconds } = this.#options;
    const machine = describeMachine(directory);
    const date = new Date().toISOString();
    buildRaw((text) => this.#note(text));
    const { direct, alignment } = await this.#probe();
    await this.#stage('disk', trials.diskTrials(direct));
    this.#workplace.forget('raw');
    const rawLimit = this.#rawLimit();
    if (rawLimit) this.#bytesPerSecond = rawLimit.bytesPerSecond;

    const directTrials = trials.directTrials(this.#ring, workload, direct, alignment);
    this.#take(
      await this.#stage('direct', directTrials, (stage, duels) => recommendDirect(stage, duels, direct)),
    );
    await this.#makeBase();
    const slabTrials = trials.slabTrials(this.#ring, workload);
    this.#take(
      await this.#stage('slab', slabTrials, (stage, duels) =>
        recommendSlab(stage, duels, this.#ring, workload),
      ),
    );
    await this.#stage('batch', trials.batchTrials(this.#ring, workload));
    // The stages after it keep to the ring that is there, or filling others would take all the time.
    const geometryTrials = trials.geometryTrials(this.#ring, workload);
    this.#found.push(
      await this.#stage('geometry', geometryTrials, (stage, duels) =>
        recommendGeometry(stage, duels, this.#ring),
      ),
    );
    const indexTrials = trials.indexTrials(this.#ring, workload);
    this.#found.push(
      await this.#stage('index', indexTrials, (stage, duels) => recommendIndex(stage, duels, workload)),
    );
    await this.#stage('latency', trials.latencyTrials(this.#ring, workload));
    await this.#stage('fanout', trials.fanoutTrials(this.#ring, workload));
    const lag = lagOf(stageOf(this.#stages, 'fanout'), workload);
    const memoryTrials = trials.memoryTrials(this.#ring, workload, lag ?? 0);
    this.#found.push(
      await this.#stage('memory', memoryTrials, (stage, duels) =>
        recommendMemory(stage, duels, this.#ring, workload, lag),
      ),
    );
    this.#noteRough();
    const { options: recommended, reasons } = combine(this.#found);
    return {
      version: 1,
      date,
      ...machine,
      workload,
      time: { asked: seconds, taken: this.#elapsed() },
      maxDisk: this.#maxDisk,
      rawLimit,
      stages: this.#stages,
      recommended,
      reasons,
      notes: this.#notes,
    };
  }

  async #probe(): Promise<{ direct: boolean; alignment: number }> {
    const options = { ringSize: 2, fileCapacity: 2 ** 18, bufCapacity: 2 ** 16 };
    const figures = await this.#workplace.run('probe', { kind: 'probe', options }, 0);
    this.#workplace.forget('probe');
    const direct = figures.direct === 1;
    if (!direct)
      this.#note(
        `The filesystem of ${this.#options.directory} does not take O_DIRECT: rings write through the page cache.`,
      );
    return { direct, alignment: figures.alignment! };
  }

  async #makeBase(): Promise<void> {
    await this.#workplace.run(trials.BASE, { kind: 'fill', options: this.#ring }, 0);
    this.#hasBase = true;
  }

  #take(recommendation: Recommendation): void {
    this.#found.push(recommendation);
    this.#ring = { ...this.#ring, ...recommendation.options };
  }

  /**
   * Measures the candidates of a stage in turn, as many and as often as its time allows. Those that look better
   * than what there is are then measured again beside it.
   */
  async #stage(
    name: StageName,
    all: readonly trials.Trial[],
    recommend: Recommend = () => NOTHING,
  ): Promise<Recommendation> {
    const title = TITLES[name];
    const start = this.#elapsed();
    const budget = stageBudget(name, this.#options.seconds - start);
    const plan = schedule(title, all, {
      seconds: budget,
      diskBytes: this.#maxDisk - (this.#hasBase ? trials.ringBytes(this.#ring) : 0),
      bytesPerSecond: this.#bytesPerSecond,
    });
    for (const text of plan.notes) this.#note(text);
    if (plan.chosen.length === 0) return recommend(undefined, () => undefined);
    if (plan.isRough) this.#rough.push({ title, seconds: plan.seconds });
    const runs = plan.chosen.map((index) => ({ trial: all[index]!, rounds: [] as Figures[], failed: false }));
    this.#view.stage(title, runs.length * plan.rounds);
    await this.#prepare(title, runs, start + budget);
    await this.#rounds(title, runs, plan, start + budget);
    const candidates = () => runs.filter(({ rounds }) => rounds.length > 0).map(summarise);
    const wanted: { challenger: string; base: string; measure: Measure }[] = [];
    recommend({ name, title, candidates: candidates(), duels: [] }, (challenger, base, measure) => {
      wanted.push({ challenger: challenger.name, base: base.name, measure });
      return undefined;
    });
    const duels: Duel[] = [];
    for (const { challenger, base, measure } of wanted) {
      const [a, b] = [challenger, base].map(
        (wantedName) => runs.find(({ trial }) => trial.name === wantedName)!,
      );
      const duel = await this.#duel(title, a!, b!, measure);
      if (duel) duels.push(duel);
    }
    for (const { trial } of runs) if (trial.place !== trials.BASE) this.#workplace.forget(trial.place);
    const stage = { name, title, candidates: candidates(), duels };
    this.#stages.push(stage);
    if (name === 'direct' || name === 'slab' || name === 'geometry') this.#remember(stage);
    return recommend(stage, (challenger, base) =>
      duels.find((duel) => duel.challenger === challenger.name && duel.base === base.name),
    );
  }

  /** What has been measured once may be left at that; what has not is measured though it is late. */
  async #rounds(title: string, runs: readonly Run[], plan: Schedule, end: number): Promise<void> {
    let n = 0;
    for (let round = 0; round < plan.rounds; round++) {
      for (const run of round % 2 === 0 ? runs : runs.toReversed()) {
        n++;
        if (run.failed || (round > 0 && this.#elapsed() > end)) continue;
        this.#progress(title, n, runs.length * plan.rounds);
        const figures = await this.#measure(title, run, plan.seconds);
        if (figures) run.rounds.push(figures);
      }
    }
  }

  /**
   * Nothing if there is no time for it. Who comes first alternates. The rounds are left as they are: with more of
   * them, those that fought would no longer compare with the others.
   */
  async #duel(title: string, challenger: Run, base: Run, measure: Measure): Promise<Duel | undefined> {
    const left = this.#options.seconds - this.#elapsed();
    const cost = 2 * DUEL_PAIRS * (DUEL_SECONDS + OVERHEAD);
    if (cost > left * MOST_FOR_DUEL) return undefined;
    const ratios: number[] = [];
    for (let pair = 0; pair < DUEL_PAIRS; pair++) {
      this.#progress(`${title}: ${challenger.trial.name} against ${base.trial.name}`, pair + 1, DUEL_PAIRS);
      const figures = new Map<Run, Figures>();
      for (const run of pair % 2 === 0 ? [challenger, base] : [base, challenger]) {
        const measured = await this.#measure(title, run, DUEL_SECONDS);
        if (measured === undefined) return undefined;
        figures.set(run, measured);
      }
      ratios.push(ratio(figures.get(challenger)!, figures.get(base)!, measure));
    }
    return {
      challenger: challenger.trial.name,
      base: base.trial.name,
      metric: measure.metric,
      ratios,
    };
  }

  async #prepare(title: string, runs: Run[], end: number): Promise<void> {
    for (const run of runs) {
      const { prepare, place, name } = run.trial;
      if (prepare === undefined) continue;
      if (run !== runs[0] && this.#elapsed() > end) {
        run.failed = true;
        this.#note(`${title}: ${name} was left out: the disk is slower than was thought.`);
        continue;
      }
      this.#progress(title, 0, runs.length);
      await this.#attempt(title, run, () => this.#workplace.run(place, prepare, 0));
    }
  }

  #measure(title: string, run: Run, seconds: number): Promise<Figures | undefined> {
    const { place, task } = run.trial;
    return this.#attempt(title, run, () => this.#workplace.run(place, task, seconds));
  }

  /** A candidate that this disk does not take is left out, and the others go on. */
  async #attempt(title: string, run: Run, action: () => Promise<Figures>): Promise<Figures | undefined> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof StoppedError) throw error;
      run.failed = true;
      this.#note(`${title}: ${run.trial.name} cannot be measured here: ${(error as Error).message}`);
      return undefined;
    }
  }

  #remember(stage: Stage): void {
    for (const { name, median } of stage.candidates) {
      if ((median.logs ?? 0) <= (this.#best?.logs ?? 0)) continue;
      this.#best = {
        logs: median.logs!,
        text: `${formatRate(median.logs!, 'logs')} (${stage.title}: ${name})`,
      };
    }
  }

  #rawLimit(): TuneResult['rawLimit'] {
    const candidates = stageOf(this.#stages, 'disk')?.candidates ?? [];
    const [best] = candidates.toSorted((a, b) => b.median.bytes! - a.median.bytes!);
    if (!best) return null;
    const { block, way } = best.at;
    return { bytesPerSecond: best.median.bytes!, blockBytes: Number(block), direct: way === 'direct' };
  }

  #progress(title: string, n: number, total: number): void {
    const secondsLeft = Math.max(0, this.#options.seconds - this.#elapsed());
    this.#view.progress({ title, n, total, secondsLeft, best: this.#best?.text });
  }

  #noteRough(): void {
    if (this.#rough.length === 0) return;
    const milliseconds = this.#rough.map(({ seconds }) => Math.round(seconds * 1000));
    const [least, most] = [Math.min(...milliseconds), Math.max(...milliseconds)];
    const range = least === most ? `${least}` : `${least} to ${most}`;
    const titles = this.#rough.map(({ title }) => title).join(', ');
    this.#note(
      `Measured for ${range} ms at a time only, so the figures are rough: ${titles}. A longer --time does better.`,
    );
  }

  #note(text: string): void {
    this.#notes.push(text);
    this.#view.note(text);
  }

  #elapsed(): number {
    return (performance.now() - this.#start) / 1000;
  }
}

type Recommend = (stage: Stage | undefined, duels: Duels) => Recommendation;

const NOTHING: Recommendation = { options: {}, reasons: {} };

interface Run {
  readonly trial: trials.Trial;
  readonly rounds: Figures[];
  failed: boolean;
}

function summarise({ trial, rounds }: Run): Candidate {
  const { name, at, options } = trial;
  const each = (reduce: (values: number[]) => number): Figures =>
    Object.fromEntries(
      Object.keys(rounds[0]!).map((metric) => [metric, reduce(rounds.map((figures) => figures[metric]!))]),
    );
  return {
    name,
    at,
    options,
    median: each(median),
    min: each((values) => Math.min(...values)),
    max: each((values) => Math.max(...values)),
    rounds: rounds.length,
  };
}

/** Bytes that the workload's readers are behind at most, save one delivery in a hundred; if it was measured. */
function lagOf(fanout: Stage | undefined, { readers }: Workload): number | undefined {
  const own = fanout?.candidates.find(({ at }) => at.readers === readers);
  return own && (own.median.bytes! * own.median['delivery p99']!) / 1e6;
}
