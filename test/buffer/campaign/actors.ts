import type { BatchWriter, BatchWriterOptions } from '../../../src/buffer/batch-writer.js';
import type { FetchedBatch } from '../../../src/buffer/consumed-batch.js';
import type { Consumer, ConsumerOptions } from '../../../src/buffer/consumer.js';
import type { GarbageOptions } from '../../../src/buffer/gc.js';
import type { ObjectStore } from '../../../src/buffer/object-store/object-store.js';
import type { Producer, ProducerOptions } from '../../../src/buffer/producer.js';
import { WaldoError, type WaldoErrorCode } from '../../../src/errors.js';
import { Violation } from './checker.js';
import { type Cloud, FaultyStore } from './faulty-store.js';
import type { Actor, Call, Happening, Role } from './history.js';
import { Random } from './random.js';
import { SimulatedProcess, type Simulation } from './simulation.js';

/** What is under test. Mutants replace parts of it. */
export interface Subject {
  openProducer(options: ProducerOptions): Promise<Producer>;
  openConsumer(options: ConsumerOptions): Promise<Consumer>;
  openWriter(options: BatchWriterOptions): BatchWriter;
  collectGarbage(options: GarbageOptions): Promise<unknown>;
  /** What the code under test sees of the store. */
  wrapStore?(store: FaultyStore, actor: Actor): ObjectStore;
  /** Milliseconds for which garbage collection spares an object. */
  readonly gracePeriod: number;
  /** Acknowledge to the manifest before the result is stored, as no consumer may. */
  readonly acknowledgesFirst?: boolean;
  /** Producers that stand for one. */
  readonly producersOfOne?: number;
}

/** A history under way. */
export interface World {
  readonly seed: number;
  readonly simulation: Simulation;
  readonly cloud: Cloud;
  readonly subject: Subject;
  readonly happenings: Happening[];
  readonly results: Results;
  /** Fires when producers are done: then consumers end. */
  readonly stop: AbortController;
  /** Least milliseconds between two writes of one object. */
  readonly writeIntervalMs: number;
}

/** Where consumers store results, each together with its position: a transaction. */
export class Results {
  /** The last sequence whose result is stored. */
  position: number | undefined;

  constructor(readonly happenings: Happening[]) {}

  commit(actor: Actor, { sequence, location, entries, metadata }: FetchedBatch): void {
    if (this.position !== undefined && sequence <= this.position) return;
    this.position = sequence;
    this.happenings.push({
      kind: 'consumed',
      actor,
      sequence,
      location,
      records: entries.map((entry) => entry.toString('latin1')),
      metadata: metadata.map(({ startIndex, ingestionTimeMs, payload }) => ({
        startIndex,
        ingestionTimeMs,
        label: payload.toString('latin1'),
      })),
    });
  }
}

/** One life of a process, with its view of the world. */
export class Life {
  readonly actor: Actor;
  readonly process: SimulatedProcess;
  readonly random: Random;
  readonly store: ObjectStore;

  constructor(
    readonly world: World,
    name: string,
    role: Role,
  ) {
    this.actor = { name, role };
    this.process = new SimulatedProcess(world.simulation, world.seed, name);
    this.random = new Random(world.seed, 'life', name);
    const store = new FaultyStore(world.cloud, this.process, this.actor, world.writeIntervalMs);
    this.store = world.subject.wrapStore?.(store, this.actor) ?? store;
  }

  get environment() {
    return this.process.environment;
  }

  sleep(milliseconds: number): Promise<void> {
    return this.environment.sleep(milliseconds);
  }

  /** Runs `work` until it ends or the process is killed, pausing and killing the process as the faults say. */
  async live(spanMs: number, work: () => Promise<void>): Promise<void> {
    const { simulation, cloud } = this.world;
    const pause = cloud.faults.ofProcess(this.actor.name, 'pause', spanMs);
    const kill = cloud.faults.ofProcess(this.actor.name, 'kill', spanMs);
    if (pause !== undefined) simulation.schedule(pause.atMs, () => this.process.pause(pause.forMs));
    if (kill !== undefined) simulation.schedule(kill.atMs, () => this.process.kill());
    await this.process.survive(work());
  }

  /** Whether an operation may fail so. */
  expect(error: unknown, ...codes: readonly WaldoErrorCode[]): WaldoErrorCode {
    if (error instanceof WaldoError && codes.includes(error.code)) return error.code;
    throw new Violation('no surprise', `${this.actor.name}: ${error instanceof Error ? error.stack : error}`);
  }
}

/** How a producer behaves, in all its lives. */
export interface ProducerPlan {
  readonly name: string;
  readonly calls: number;
  readonly gapMs: number;
  readonly options: Omit<ProducerOptions, 'store' | 'environment'>;
}

/** Produces what the plan says; a life that is killed is followed by another, which goes on with the next call. */
export async function produce(world: World, plan: ProducerPlan): Promise<void> {
  let next = 0;
  for (let count = 1; next < plan.calls; count++) {
    const life = new Life(world, `${plan.name}.${count}`, 'producer');
    await life.live(plan.calls * (plan.gapMs + 10) + 50, async () => {
      const producers: Producer[] = [];
      for (let index = world.subject.producersOfOne ?? 1; index > 0; index--) {
        const { store, environment } = life;
        producers.push(await world.subject.openProducer({ ...plan.options, store, environment }));
      }
      const settled: Promise<void>[] = [];
      while (next < plan.calls) {
        if (life.random.chance(0.6)) await life.sleep(life.random.unit() * 2 * plan.gapMs);
        const index = next++;
        const producer = producers[index % producers.length]!;
        settled.push(call(life, producer, index));
        if (life.random.chance(0.5)) await settled.at(-1);
        if (life.random.chance(0.1))
          await producer.flush().catch((error) => life.expect(error, 'WALDO_STORE'));
      }
      for (const producer of producers) {
        await producer.close().catch((error) => life.expect(error, 'WALDO_STORE'));
      }
      await Promise.all(settled);
    });
  }
}

async function call(life: Life, producer: Producer, index: number): Promise<void> {
  const { happenings } = life.world;
  const made = makeCall(life, index);
  const { signal, impatient } = patience(life);
  let taken = false;
  try {
    const { watcher, ingestionTimeMs } = await producer.produce(made.records, made.label, { signal });
    taken = true;
    await watcher.awaitDurable();
    happenings.push({ kind: 'acknowledged', call: made, ingestionTimeMs });
  } catch (error) {
    const code =
      impatient && !taken
        ? life.expect(error, 'WALDO_STORE', 'WALDO_ABORTED')
        : life.expect(error, 'WALDO_STORE');
    happenings.push({ kind: code === 'WALDO_ABORTED' ? 'withdrawn' : 'rejected', call: made });
  }
}

/** Makes up a call, and records that it is made. */
export function makeCall({ actor, random, world }: Life, index: number): Call {
  const label = `${actor.name}#${index}`;
  const records = Array.from({ length: random.between(1, 3) }, (_, record) => `${label}/${record}`);
  const call: Call = { actor, index, label, records };
  world.happenings.push({ kind: 'produced', call });
  return call;
}

/** Some callers do not wait for long until their records are taken in. */
function patience(life: Life): { readonly signal: AbortSignal; readonly impatient: boolean } {
  const abort = new AbortController();
  const impatient = life.random.chance(0.1);
  if (impatient)
    void life.sleep(life.random.latency(5)).then(() => abort.abort(new Error('no longer wanted')));
  return { signal: abort.signal, impatient };
}

/** Milliseconds between collections, of consumers and of collectors. */
export const COLLECTION_INTERVAL = 60_000;

/** Consumes until it is time to stop; a life that ends by a kill, a failure or a successor is followed by another. */
export async function consume(world: World, name: string, lives: number): Promise<void> {
  const random = new Random(world.seed, 'consumer', name);
  for (let count = 1; count <= lives && (count === 1 || !world.stop.signal.aborted); count++) {
    const life = new Life(world, `${name}.${count}`, 'consumer');
    // Some come when batches have waited for longer than any grace period.
    await life.sleep(random.unit() * (random.chance(0.1) ? 500_000 : 200));
    await life.live(400, () => consumeInLife(life, () => world.stop.signal.aborted));
    await new Promise<void>((resolve) => world.simulation.schedule(random.latency(50), resolve));
  }
}

/** @param done whether to end once the queue is empty. */
export async function consumeInLife(life: Life, done: () => boolean): Promise<void> {
  const { world, random, store, environment } = life;
  let consumer: Consumer | undefined;
  try {
    consumer = await world.subject.openConsumer({
      store,
      environment,
      gcInterval: COLLECTION_INTERVAL,
      gcGracePeriod: world.subject.gracePeriod,
      pollInterval: random.pick([10, 1000]),
      prefetch: random.between(1, 4),
    });
    await initialize(life, consumer);
    await random.pick([walk, describeAndFetch, iterate])(life, consumer, done);
    if (random.chance(0.5)) await consumer.flush();
  } catch (error) {
    expectEnd(life, error);
  }
  await consumer?.close().catch((error) => expectEnd(life, error));
}

/** How a consumer may end: one that has a successor may find its batches gone, or itself closed by `iterate`. */
function expectEnd(life: Life, error: unknown): void {
  life.expect(error, 'WALDO_STORE', 'WALDO_FENCED', 'WALDO_NOT_FOUND', 'WALDO_CLOSED');
}

async function initialize({ world, random }: Life, consumer: Consumer): Promise<void> {
  // A consumer without its position starts at the oldest entry, and gets again what it has stored already.
  const { position } = world.results;
  await consumer.initialize(random.chance(0.7) ? position : undefined);
}

async function acknowledge(life: Life, consumer: Consumer, batch: FetchedBatch): Promise<void> {
  const { random, world } = life;
  if (world.subject.acknowledgesFirst === true) {
    await consumer.ackThrough(batch.sequence);
    world.results.commit(life.actor, batch);
    return;
  }
  world.results.commit(life.actor, batch);
  if (random.chance(0.3)) await consumer.ackThrough(batch.sequence);
  else await consumer.ack(batch.sequence);
  if (random.chance(0.1)) await consumer.flush();
  if (random.chance(0.2)) await life.sleep(random.latency(5));
}

/** Looks for news at intervals that get longer while there are none. */
class Idle {
  #milliseconds = 10;

  constructor(readonly life: Life) {}

  pause(): Promise<void> {
    this.#milliseconds = Math.min(2 * this.#milliseconds, 5000);
    return this.life.sleep(this.#milliseconds);
  }

  reset(): void {
    this.#milliseconds = 10;
  }
}

async function walk(life: Life, consumer: Consumer, done: () => boolean): Promise<void> {
  const idle = new Idle(life);
  for (;;) {
    const ending = done();
    const batch = await consumer.nextBatch();
    if (batch !== undefined) await acknowledge(life, consumer, batch);
    else if (ending) return;
    else await idle.pause();
    if (batch !== undefined) idle.reset();
  }
}

async function describeAndFetch(life: Life, consumer: Consumer, done: () => boolean): Promise<void> {
  const handle = consumer.fetchHandle();
  const idle = new Idle(life);
  for (;;) {
    const ending = done();
    const descriptors = await consumer.nextDescriptors(life.random.between(1, 5));
    if (descriptors.length === 0) {
      if (ending) return;
      await idle.pause();
      continue;
    }
    idle.reset();
    const batches = await Promise.all(descriptors.map((descriptor) => handle.fetch(descriptor)));
    for (const batch of batches) life.world.results.commit(life.actor, batch);
    await consumer.ackThrough(batches.at(-1)!.sequence);
  }
}

async function iterate(life: Life, consumer: Consumer, done: () => boolean): Promise<void> {
  const follow = !done();
  if (follow)
    life.world.stop.signal.addEventListener('abort', () =>
      life.process.deliver(() => void consumer.close().catch(() => {})),
    );
  for await (const batch of consumer.batches({ follow })) {
    life.world.results.commit(life.actor, batch);
    await batch.ack();
  }
}

/** Collects garbage now and then. */
export async function collect(world: World, name: string, done: () => boolean): Promise<void> {
  for (let count = 1; !done(); count++) {
    const life = new Life(world, `${name}.${count}`, 'collector');
    await life.live(COLLECTION_INTERVAL, async () => {
      await life.sleep(life.random.unit() * COLLECTION_INTERVAL);
      if (!done()) await collectInLife(life);
    });
  }
}

export async function collectInLife(life: Life): Promise<void> {
  const { store, environment, world } = life;
  try {
    await world.subject.collectGarbage({ store, environment, gracePeriod: world.subject.gracePeriod });
  } catch (error) {
    life.expect(error, 'WALDO_STORE');
  }
}
