import { Random } from '../../buffer/campaign/random.js';
import { Coverage } from './coverage.js';
import { mutateBytes } from './mutate.js';
import type { Target } from './target.js';

export interface FuzzOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Inputs that were kept before. */
  readonly corpus: readonly Buffer[];
  /** An input has run code that none had. */
  readonly onKept: (input: Buffer) => void;
}

export interface FuzzResult {
  readonly executions: number;
  readonly kept: number;
  /** Characters of the library that have run. */
  readonly covered: number;
  readonly failed?: { readonly input: Buffer; readonly error: unknown };
}

const BATCH = 200;
/** What one input may take: more is a hang. */
const MAX_SECONDS = 10;
/** What the process may have of memory; what inputs declare goes far beyond. */
const MAX_RSS = 1024 ** 3;

/** An input for which something does not hold. */
class Failure extends Error {
  constructor(
    readonly input: Buffer,
    readonly error: unknown,
  ) {
    super('failed');
  }
}

async function runOne(target: Target, input: Buffer): Promise<void> {
  const started = performance.now();
  try {
    await target.run(input);
  } catch (error) {
    throw new Failure(input, error);
  }
  const seconds = (performance.now() - started) / 1000;
  if (seconds > MAX_SECONDS) throw new Failure(input, new Error(`took ${seconds.toFixed(1)} s`));
}

/** Of inputs that run new code together, finds those that do so. */
async function sift(
  target: Target,
  inputs: readonly Buffer[],
  coverage: Coverage,
  keep: (input: Buffer) => void,
): Promise<void> {
  coverage.skip();
  for (const input of inputs) await runOne(target, input);
  if (!coverage.hasNew(inputs.length === 1)) return;
  if (inputs.length === 1) return keep(inputs[0]!);
  const half = Math.ceil(inputs.length / 2);
  await sift(target, inputs.slice(0, half), coverage, keep);
  await sift(target, inputs.slice(half), coverage, keep);
}

async function mutant(target: Target, corpus: readonly Buffer[], random: Random): Promise<Buffer> {
  // What was found last leads furthest.
  const recent = corpus.slice(-Math.ceil(corpus.length / 4));
  const input = random.pick(random.chance(0.5) ? recent : corpus);
  const bytes = random.chance(0.8) ? mutateBytes(input, random.pick(corpus), random) : input;
  return target.mutate !== undefined && (bytes === input || random.chance(0.5))
    ? target.mutate(bytes, random)
    : bytes;
}

/** Runs a target on mutants of what has run most of its code, for so many seconds or until something does not hold. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzResult> {
  const random = new Random(options.seed, target.name);
  const coverage = new Coverage();
  const corpus: Buffer[] = [];
  const until = performance.now() + options.seconds * 1000;
  let executions = 0;
  let kept = 0;
  const keep = (input: Buffer) => {
    corpus.push(input);
    kept++;
    options.onKept(input);
  };
  const result = () => ({ executions, kept, covered: coverage.size });
  try {
    const known = [...(await target.seeds()), ...options.corpus];
    for (const input of known) {
      await runOne(target, input);
      executions++;
      coverage.hasNew(true);
      corpus.push(input);
    }
    while (performance.now() < until) {
      const inputs: Buffer[] = [];
      coverage.skip();
      while (inputs.length < (target.batch ?? BATCH) && performance.now() < until) {
        inputs.push(await mutant(target, corpus, random));
        await runOne(target, inputs.at(-1)!);
        executions++;
      }
      if (coverage.hasNew(false)) await sift(target, inputs, coverage, keep);
      const rss = process.memoryUsage.rss();
      if (rss > MAX_RSS)
        throw new Failure(inputs.at(-1)!, new Error(`the process has ${rss} bytes of memory`));
    }
    return result();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ...result(), failed: { input: error.input, error: error.error } };
  } finally {
    coverage.close();
    target.close?.();
  }
}
