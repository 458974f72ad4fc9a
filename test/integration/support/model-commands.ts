import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Cursor, Waldo, type WaldoOptions } from '../../../src/index.js';
import { withCode } from '../../support/rings.js';
import { bytesOf, entriesAfter } from './logs.js';
import {
  assertSame,
  checkAll,
  checkMetadata,
  checkQuery,
  checkStream,
  checkTail,
  checkVerifies,
  kept,
  type Model,
  maxLogBytes,
  type Real,
  remember,
  tipOf,
} from './model.js';

type Command = fc.AsyncCommand<Model, Real>;

/** A payload's length: so many bytes, or so many less than the longest log there may be. */
interface Shape {
  readonly length: number;
  readonly fromLimit: boolean;
  readonly text: boolean;
}

interface BatchShape {
  readonly shapes: readonly Shape[];
  /** By how much each number exceeds the one before, if the batch is explicit. */
  readonly gap: number | undefined;
}

const SECTOR_PAYLOAD = 512 - 96 - 24;
const PAGE_PAYLOAD = 4096 - 96 - 24;

const length = fc.oneof(
  fc.integer({ min: 0, max: 64 }),
  fc.constantFrom(SECTOR_PAYLOAD - 1, SECTOR_PAYLOAD, SECTOR_PAYLOAD + 1, PAGE_PAYLOAD, PAGE_PAYLOAD + 1),
  fc.integer({ min: 0, max: 3000 }),
);
const shape: fc.Arbitrary<Shape> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ length, fromLimit: fc.constant(false), text: fc.boolean() }) },
  fc.record({ length: fc.integer({ min: 0, max: 9 }), fromLimit: fc.constant(true), text: fc.boolean() }),
);
const shapes = fc.oneof(
  { weight: 5, arbitrary: fc.array(shape, { maxLength: 6 }) },
  fc.array(shape, { minLength: 20, maxLength: 60 }),
  fc
    .integer({ min: 100, max: 500 })
    .map((count) => Array<Shape>(count).fill({ length: 5, fromLimit: false, text: true })),
);
const gap = fc.option(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(1000, 2 ** 33)), {
  nil: undefined,
});
const batchShape: fc.Arbitrary<BatchShape> = fc.record({ shapes, gap });

/** Makes the payloads of a batch; their content tells them from all others. */
function payloadsOf(model: Model, { shapes }: BatchShape): (Buffer | string)[] {
  return shapes.map(({ length, fromLimit, text }, i) => {
    const bytes = Math.min(fromLimit ? maxLogBytes(model) - length : length, maxLogBytes(model));
    const seed = model.logs.length + i;
    if (!text) return bytesOf(seed, bytes);
    // Two bytes a character every other time, as far as they fit.
    const filler = seed % 2 === 0 ? 'é' : 'x';
    const start = `${seed}:`.slice(0, bytes);
    return start + filler.repeat(Math.floor((bytes - start.length) / Buffer.byteLength(filler)));
  });
}

class Append implements Command {
  constructor(readonly batches: readonly BatchShape[]) {}
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    const appends = this.batches.map((batch) => {
      const logs = remember(model, payloadsOf(model, batch), batch.gap);
      return { promise: real.waldo.append(logs), last: tipOf(model), empty: batch.shapes.length === 0 };
    });
    const before = real.waldo.prevSeqNo ?? 0;
    for (const { promise, last, empty } of appends) assert.equal(await promise, empty ? before : last);
    checkMetadata(model, real);
  }
  toString = () => `append(${this.batches.map(show).join(' | ')})`;
}

class AppendSync implements Command {
  constructor(readonly batch: BatchShape) {}
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    const logs = remember(model, payloadsOf(model, this.batch), this.batch.gap);
    assert.equal(real.waldo.appendSync(logs), tipOf(model));
    checkMetadata(model, real);
  }
  toString = () => `appendSync(${show(this.batch)})`;
}

/** Does not continue the log, or is too long. */
class AppendWrong implements Command {
  constructor(
    readonly kind: 'behind' | 'ahead' | 'long',
    readonly by: number,
  ) {}
  check = (model: Readonly<Model>) => tipOf(model) > 0;
  async run(model: Model, real: Real): Promise<void> {
    const tip = tipOf(model);
    if (this.kind === 'long') {
      const data = Buffer.alloc(maxLogBytes(model) + this.by);
      await assert.rejects(real.waldo.append(['fits', data]), withCode('WALDO_EXCEEDS_LIMIT', /log 1/));
    } else {
      const prevSeqNo = this.kind === 'behind' ? Math.max(tip - this.by, 0) : tip + this.by;
      const log = { seqNo: prevSeqNo + 1, prevSeqNo, data: 'x' };
      await assert.rejects(real.waldo.append([log]), withCode('WALDO_SEQUENCE', new RegExp(`${prevSeqNo}`)));
    }
    checkMetadata(model, real);
  }
  toString = () => `appendWrong(${this.kind}, ${this.by})`;
}

class Query implements Command {
  constructor(
    readonly kind: 'after' | 'from',
    readonly where: number,
    readonly off: number,
  ) {}
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    const log = model.logs[Math.floor(this.where * model.logs.length)];
    await checkQuery(model, real, this.kind, Math.max((log?.seqNo ?? 0) + this.off, 0));
  }
  toString = () => `query(${this.kind}, ${this.where}, ${this.off})`;
}

class ReadAll implements Command {
  check = () => true;
  run = checkAll;
  toString = () => 'readAll';
}

class FollowTail implements Command {
  check = () => true;
  run = checkTail;
  toString = () => 'followTail';
}

class Verify implements Command {
  check = () => true;
  run = checkVerifies;
  toString = () => 'verify';
}

/** A query that is under way while others append sees what was durable when it got there. */
class QueryWhileAppending implements Command {
  constructor(readonly batch: BatchShape) {}
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    const tail = real.waldo.tail(Cursor.tip());
    const query = real.waldo.query(Cursor.tip());
    const logs = remember(model, payloadsOf(model, this.batch), this.batch.gap);
    const appended = model.logs.slice(model.logs.length - this.batch.shapes.length);
    await checkStream(query, []);
    await real.waldo.append(logs);
    const read = [];
    try {
      while (read.length < appended.length) {
        for (const { seqNo, prevSeqNo, data } of (await tail.next()).value!)
          read.push({ seqNo, prevSeqNo, data: Buffer.from(data) });
      }
    } catch (error) {
      // One batch may be larger than the ring.
      withCode('WALDO_TRIMMED')(error as Error as never);
      assert(kept(model, real).length < appended.length);
    }
    assertSame(read, appended.slice(0, read.length));
    await tail.return();
  }
  toString = () => `queryWhileAppending(${show(this.batch)})`;
}

class Reopen implements Command {
  constructor(
    readonly options: WaldoOptions,
    readonly repeatGeometry: boolean,
  ) {}
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    const before = real.waldo.metadata();
    await real.waldo.close();
    assert.equal((await real.tail.next()).done, true);
    const reader = await Waldo.openReader(real.directory, { cacheBytes: 0 });
    const read = await entriesAfter(reader, Cursor.trim());
    await reader.close();
    const geometry = this.repeatGeometry ? real.geometry : {};
    real.waldo = await Waldo.open(real.directory, { ...this.options, ...geometry });
    model.bufCapacity = this.options.bufCapacity!;
    real.tail = real.waldo.tail(Cursor.trim());
    const after = real.waldo.metadata();
    real.tailAt = after.afterSeqNo;
    const { outcome, gaps, healed, tornBytes } = after.recovery;
    assert.deepEqual(
      { outcome, gaps, healed, tornBytes },
      { outcome: 'clean', gaps: [], healed: [], tornBytes: 0 },
    );
    assert.equal(after.afterSeqNo, before.afterSeqNo, 'opening trims nothing');
    assert.equal(after.ringId, before.ringId);
    assert.notEqual(after.epoch, before.epoch);
    checkMetadata(model, real);
    assertSame(read, kept(model, real));
  }
  toString = () => `reopen(${JSON.stringify(this.options)}, ${this.repeatGeometry})`;
}

const show = ({ shapes, gap }: BatchShape) =>
  `${gap ?? 'plain'}: ${shapes.map((s) => `${s.fromLimit ? 'max-' : ''}${s.length}${s.text ? 't' : 'b'}`)}`;

export const openOptions: fc.Arbitrary<WaldoOptions> = fc.record({
  bufCapacity: fc.constantFrom(4096, 8192, 16384, 65536),
  poolSize: fc.integer({ min: 2, max: 4 }),
  queueDepth: fc.constantFrom(1, 2, 64),
  pageCapacity: fc.constantFrom(3, 50, 500, 2 ** 32 - 1),
  cacheBytes: fc.constantFrom(0, 16384, 200_000, 2 ** 26),
  directIo: fc.constantFrom(false, 'auto' as const),
  fileODsync: fc.boolean(),
});

export const geometries: fc.Arbitrary<WaldoOptions> = fc.record({
  ringSize: fc.integer({ min: 2, max: 4 }),
  fileCapacity: fc.constantFrom(65536, 131072),
  alignment: fc.constantFrom(512 as const, 4096 as const),
  indexCapacity: fc.constantFrom(1, 3, 200),
});

const appends = (maxLength: number) =>
  fc.array(batchShape, { minLength: 1, maxLength }).map((batches) => new Append(batches));

export const commands: fc.Arbitrary<Iterable<Command>> = fc.commands(
  [
    appends(1),
    appends(8),
    appends(8),
    batchShape.map((batch) => new AppendSync(batch)),
    batchShape.map((batch) => new QueryWhileAppending(batch)),
    fc
      .tuple(
        fc.constantFrom('behind' as const, 'ahead' as const, 'long' as const),
        fc.integer({ min: 1, max: 9 }),
      )
      .map(([kind, by]) => new AppendWrong(kind, by)),
    fc
      .tuple(
        fc.constantFrom('after' as const, 'from' as const),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: -2, max: 2 }),
      )
      .map(([kind, where, off]) => new Query(kind, where, off)),
    fc.constant(new ReadAll()),
    fc.constant(new FollowTail()),
    fc.constant(new Verify()),
    fc.tuple(openOptions, fc.boolean()).map(([options, repeat]) => new Reopen(options, repeat)),
  ],
  { maxCommands: 40, size: 'max' },
);
