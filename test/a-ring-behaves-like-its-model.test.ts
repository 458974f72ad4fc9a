import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cursor, type LogStream, type Waldo, type WaldoError, type WaldoOptions } from '../src/index.js';
import { FakeEngine, IO_ERROR } from './support/fake-engine.js';
import { openFake } from './support/rings.js';

interface AppendStep {
  readonly kind: 'append' | 'appendSync';
  /** Of each log. */
  readonly sizes: readonly number[];
  /** By how much each log's number exceeds its predecessor's, if the batch is explicit. */
  readonly gap: number | undefined;
}

interface OtherStep {
  readonly kind: 'commit' | 'abort' | 'read';
  readonly frames: number;
}

const appendStep: fc.Arbitrary<AppendStep> = fc.record({
  kind: fc.constantFrom('append', 'append', 'append', 'appendSync'),
  sizes: fc.array(fc.oneof(fc.nat(60), fc.nat(1900)), { maxLength: 12 }),
  gap: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
});
const otherStep = (...kinds: OtherStep['kind'][]): fc.Arbitrary<OtherStep> =>
  fc.record({ kind: fc.constantFrom(...kinds), frames: fc.integer({ min: 1, max: 4 }) });
const options: fc.Arbitrary<WaldoOptions> = fc.record({
  bufCapacity: fc.constantFrom(4096, 8192),
  poolSize: fc.integer({ min: 2, max: 4 }),
  queueDepth: fc.integer({ min: 1, max: 4 }),
  pageCapacity: fc.constantFrom(3, 1000),
  cacheBytes: fc.constantFrom(0, 8192, 40_000),
});

const EXPECTED = ['WALDO_ABORTED', 'WALDO_SEQUENCE', 'WALDO_CONFLICT', 'WALDO_IO'];

/** One ring, and everything that was asked of it. */
class Run {
  readonly appends: { readonly texts: readonly string[]; readonly promise: Promise<number> }[] = [];
  readonly #waldo: Waldo;
  readonly #fake: FakeEngine;
  readonly #tail: LogStream;
  readonly #read: [seqNo: number, text: string][] = [];
  #controller = new AbortController();
  /** Where the log ends if every append goes through. */
  #tip = 0;

  constructor(waldo: Waldo, fake: FakeEngine) {
    this.#waldo = waldo;
    this.#fake = fake;
    this.#tail = waldo.tail(Cursor.trim());
  }

  async take(step: AppendStep | OtherStep): Promise<void> {
    switch (step.kind) {
      case 'commit':
        return this.#fake.commit(step.frames);
      case 'read':
        return this.#readAll();
      case 'abort':
        this.#controller.abort();
        this.#controller = new AbortController();
        return;
      default:
        this.#append(step as AppendStep);
    }
  }

  #append({ kind, sizes, gap }: AppendStep): void {
    const tip = this.#tip;
    const texts = sizes.map((size, i) =>
      `${this.appends.length}/${i}:`.padEnd(size, i % 2 === 0 ? 'x' : 'é'),
    );
    const explicit = (step: number) =>
      texts.map((data, i) => ({
        seqNo: tip + (i + 1) * step,
        prevSeqNo: tip + i * step,
        data: Buffer.from(data),
      }));
    const logs = gap === undefined ? texts : explicit(gap);
    this.#tip += texts.length * (gap ?? 1);
    const { signal } = this.#controller;
    const promise = kind === 'append' ? this.#waldo.append(logs, { signal }) : this.#appendSync(logs);
    promise.catch((error: WaldoError) => {
      this.#tip = error.expectedPrevSeqNo ?? this.#tip;
    });
    this.appends.push({ texts, promise });
  }

  async #appendSync(logs: Parameters<Waldo['appendSync']>[0]): Promise<number> {
    return this.#waldo.appendSync(logs);
  }

  async #readAll(): Promise<void> {
    while ((this.#read.at(-1)?.[0] ?? 0) < (this.#waldo.prevSeqNo ?? 0)) {
      for (const log of (await this.#tail.next()).value!) this.#read.push([log.seqNo, log.text()]);
    }
  }

  /** Whatever was acknowledged is there, whatever is there was appended, and whoever reads gets it. */
  async check(mayFail: boolean): Promise<void> {
    const settled = Promise.allSettled(this.appends.map(({ promise }) => promise));
    while (this.#fake.referenced) await this.#fake.commit();
    const results = await settled;
    const { texts } = this.#fake;
    const durable = this.#fake.logs.map((log, i): [number, string] => [log.seqNo, texts[i]!]);
    let next = 0;
    for (const [i, append] of this.appends.entries()) {
      const result = results[i]!;
      const start = next;
      while (next < texts.length && append.texts[next - start] === texts[next]) next++;
      const present = next - start;
      if (result.status === 'fulfilled') {
        assert.equal(present, append.texts.length, 'an acknowledged batch is there, in its place');
        if (present > 0) assert.equal(result.value, durable[next - 1]![0]);
      } else {
        assert(mayFail && EXPECTED.includes(result.reason.code), result.reason);
        if (result.reason.code !== 'WALDO_IO') assert.equal(present, 0, result.reason.code);
      }
    }
    assert.equal(next, texts.length, 'nothing else is there');
    await this.#readAll();
    assert.deepEqual(this.#read, durable);
    await this.#waldo.close();
    assert.equal((await this.#tail.next()).done, true);
  }
}

const plain = fc.array(
  fc.oneof({ weight: 4, arbitrary: appendStep }, otherStep('commit', 'commit', 'read')),
  {
    maxLength: 60,
  },
);
const aborting = fc.array(
  fc.oneof({ weight: 4, arbitrary: appendStep }, otherStep('commit', 'commit', 'read', 'abort')),
  { maxLength: 60 },
);

async function run(
  given: WaldoOptions,
  steps: readonly (AppendStep | OtherStep)[],
): Promise<[Run, FakeEngine]> {
  const { waldo, fake } = await openFake(given, new FakeEngine({ automatic: false }));
  const taken = new Run(waldo, fake);
  for (const step of steps) await taken.take(step);
  return [taken, fake];
}

test('every append goes through, whatever else happens', async () => {
  await fc.assert(
    fc.asyncProperty(options, plain, async (given, steps) => {
      const [taken] = await run(given, steps);
      await taken.check(false);
    }),
    { numRuns: 300 },
  );
});

test('an append that is aborted, or refused because of it, is not there; the others are', async () => {
  await fc.assert(
    fc.asyncProperty(options, aborting, async (given, steps) => {
      const [taken] = await run(given, steps);
      await taken.check(true);
    }),
    { numRuns: 300 },
  );
});

test('after a failed commit, exactly what was acknowledged is there', async () => {
  await fc.assert(
    fc.asyncProperty(options, aborting, async (given, steps) => {
      const [taken, fake] = await run(given, steps);
      fake.nextFailure = IO_ERROR;
      await taken.check(true);
    }),
    { numRuns: 300 },
  );
});
