import {
  COLLECTION_INTERVAL,
  collect,
  collectInLife,
  consume,
  consumeInLife,
  Life,
  type ProducerPlan,
  produce,
  Results,
  type Subject,
  type World,
} from './actors.js';
import { Checker, Violation } from './checker.js';
import { type FaultRates, Faults } from './faults.js';
import { Cloud } from './faulty-store.js';
import type { Happening } from './history.js';
import { Random } from './random.js';
import { type ShipperPlan, ship } from './shipper.js';
import { Simulation } from './simulation.js';

/** Collects when all is quiet. */
export const LAST_COLLECTOR = 'last-collector';

/** How a history went. */
export interface Outcome {
  readonly seed: number;
  readonly violation: Violation | undefined;
  /** Names of the faults that happened. */
  readonly faults: readonly string[];
  readonly happenings: readonly Happening[];
}

/**
 * Runs the history of a seed and checks it.
 * @param only names of the faults that may happen; by default all that the seed has.
 */
export async function runHistory(
  seed: number,
  subject: () => Subject,
  only?: ReadonlySet<string>,
): Promise<Outcome> {
  const random = new Random(seed, 'scenario');
  const simulation = new Simulation();
  const faults = new Faults(seed, ratesOf(random), only);
  const happenings: Happening[] = [];
  const world: World = {
    seed,
    simulation,
    subject: subject(),
    happenings,
    cloud: new Cloud(simulation, faults, happenings),
    results: new Results(happenings),
    stop: new AbortController(),
    writeIntervalMs: random.chance(0.1) ? 1000 : 0,
  };
  let violation: Violation | undefined;
  try {
    await simulation.run(storm(world, random));
    faults.calm = true;
    await simulation.run(drain(world));
  } catch (error) {
    violation =
      error instanceof Violation
        ? error
        : new Violation('no surprise', (error as Error).stack ?? String(error));
  }
  try {
    // What is wrong in the record comes before what was seen of it.
    new Checker().check(happenings);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error;
  }
  return { seed, violation, faults: faults.taken, happenings };
}

function ratesOf(random: Random): FaultRates {
  const heavy = random.chance(0.2);
  return {
    request: random.unit() * (heavy ? 0.5 : 0.15),
    denied: random.chance(0.1) ? 0.01 : 0,
    pause: random.unit() * 0.5,
    kill: random.unit() * 0.3,
  };
}

/** Producers, consumers and a collector, all at the same time, until the producers are done. */
async function storm(world: World, random: Random): Promise<void> {
  const producers = Array.from({ length: random.chance(0.1) ? random.between(6, 16) : random.between(2, 5) });
  const consumers = Array.from({ length: random.between(1, 3) });
  const producing = producers.map((_, index) => produce(world, planOf(`producer-${index}`, random)));
  if (random.chance(0.5)) producing.push(ship(world, shipperPlanOf('shipper', random)));
  const consuming = consumers.map((_, index) => consume(world, `consumer-${index}`, random.between(1, 4)));
  let done = false;
  const collecting = collect(world, 'collector', () => done);
  await Promise.all(producing);
  world.stop.abort();
  await Promise.all(consuming);
  done = true;
  await collecting;
}

function planOf(name: string, random: Random): ProducerPlan {
  return {
    name,
    calls: random.between(1, 6),
    gapMs: random.pick([1, 10, 40]),
    options: {
      flushInterval: random.pick([0, 2, 20]),
      flushSizeBytes: random.pick([20, 60, 1000]),
      maxBufferedInputs: random.pick([1, 2, 1000]),
      maxBufferedBytes: random.pick([50, 1000]),
      maxConcurrentUploads: random.between(1, 4),
      retryTimeout: random.pick([200, 60_000, 60_000, Number.POSITIVE_INFINITY]),
    },
  };
}

function shipperPlanOf(name: string, random: Random): ShipperPlan {
  return {
    name,
    batches: random.between(1, 8),
    lives: random.between(1, 3),
    maxConcurrentUploads: random.between(1, 4),
    retryTimeout: random.pick([200, 60_000]),
  };
}

/** All is quiet: a last consumer gets the rest, and a last collection what nobody needs. */
async function drain(world: World): Promise<void> {
  const { simulation, cloud, happenings } = world;
  const later = (delayMs: number) => new Promise<void>((resolve) => simulation.schedule(delayMs, resolve));
  while (cloud.underway > 0) await later(1000);
  await consumeInLife(new Life(world, 'last-consumer', 'consumer'), () => true);
  happenings.push({ kind: 'drained' });
  await later(world.subject.gracePeriod + COLLECTION_INTERVAL);
  await collectInLife(new Life(world, LAST_COLLECTOR, 'collector'));
  happenings.push({ kind: 'collected' });
}
