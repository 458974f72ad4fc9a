import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cursor, type Waldo, type WaldoStats } from '../src/index.js';
import { openWaldoReader } from '../src/reader.js';
import { type FakeEngine, IO_ERROR, turn } from './support/fake-engine.js';
import { openFake, openManual, range, textsOf } from './support/rings.js';

/** What became of the appends that were called. */
class Calls {
  fulfilled = 0;
  rejected = 0;
  pending = 0;
  readonly #waldo: Waldo;

  constructor(waldo: Waldo) {
    this.#waldo = waldo;
  }

  append(logs: unknown, signal?: AbortSignal): void {
    this.pending++;
    this.#waldo.append(logs as string[], signal && { signal }).then(
      () => {
        this.pending--;
        this.fulfilled++;
      },
      () => {
        this.pending--;
        this.rejected++;
      },
    );
  }

  appendSync(logs: unknown): void {
    try {
      this.#waldo.appendSync(logs as string[]);
      this.fulfilled++;
    } catch {
      this.rejected++;
    }
  }
}

function check(stats: WaldoStats, calls: Calls, fake: FakeEngine): void {
  const { appends, appendsFailed, appendsPending, appendLatency, commitLatency } = stats;
  assert.deepEqual(
    { appends, appendsFailed, appendsPending },
    { appends: calls.fulfilled, appendsFailed: calls.rejected, appendsPending: calls.pending },
  );
  assert.equal(stats.logs, fake.logs.length);
  assert.equal(
    stats.bytes,
    fake.logs.reduce((sum, log) => sum + log.packed.length, 0),
  );
  assert.equal(stats.frames, fake.commitSizes.length);
  assert.equal(stats.tip, fake.tip);
  assert.equal(commitLatency.count, stats.frames);
  assert(appendLatency.count <= appends);
  assert(stats.commits <= stats.frames && stats.appendsWaiting <= appendsPending);
}

const step = fc.record({
  kind: fc.constantFrom('append', 'append', 'append', 'appendSync', 'commit', 'abort', 'bad', 'conflict'),
  sizes: fc.array(fc.oneof(fc.nat(60), fc.nat(1900)), { maxLength: 8 }),
});

test('whatever is asked of a ring, counts are those of what happened', async () => {
  const failing = fc.boolean();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), failing, async (steps, fails) => {
      const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 2, queueDepth: 3 });
      const calls = new Calls(waldo);
      let controller = new AbortController();
      for (const { kind, sizes } of steps) {
        const logs = sizes.map((size) => Buffer.alloc(size));
        if (kind === 'append') calls.append(logs, controller.signal);
        else if (kind === 'appendSync') calls.appendSync(logs);
        else if (kind === 'commit') await fake.commit(1);
        else if (kind === 'bad') calls.append([5]);
        else if (kind === 'conflict') calls.append([{ seqNo: 10_001, prevSeqNo: 10_000, data: 'x' }]);
        else {
          controller.abort();
          controller = new AbortController();
        }
        await turn();
        check(waldo.stats(), calls, fake);
        if (!fails) assert.equal(waldo.stats().framesInFlight, fake.queued);
      }
      if (fails) fake.nextFailure = IO_ERROR;
      fake.automatic = true;
      do await fake.commit();
      while (fake.queued > 0 && !fails);
      await turn();
      check(waldo.stats(), calls, fake);
      if (fails) return;
      const { framesInFlight, appendsPending, appendsWaiting } = waldo.stats();
      assert.deepEqual([framesInFlight, appendsPending, appendsWaiting], [0, 0, 0]);
    }),
    { numRuns: 200 },
  );
});

test('appends that wait for room are told from those on their way', async () => {
  const { waldo, fake } = await openManual({ bufCapacity: 4096, poolSize: 2 });
  const appends = range(1, 5).map(() => waldo.append([Buffer.alloc(3000)]));
  await turn();
  const { appendsPending, appendsWaiting, framesInFlight, slabsInUse } = waldo.stats();
  assert.deepEqual(
    { appendsPending, appendsWaiting, framesInFlight, slabsInUse },
    { appendsPending: 5, appendsWaiting: 3, framesInFlight: 2, slabsInUse: 2 },
  );
  while (fake.logs.length < 5) await fake.commit(1);
  await Promise.all(appends);
  assert.equal(waldo.stats().appendLatency.count, 5);
});

test('every delivery is a hit, or a wait for the disk', async () => {
  const { waldo } = await openFake();
  for (let i = 0; i < 3; i++) await waldo.append([`log ${i}`]);
  const tail = waldo.tail(Cursor.tip());
  const waiting = tail.next();
  await Promise.all(range(1, 10).map(() => textsOf(waldo.query(Cursor.trim()))));
  const before = waldo.stats();
  assert.deepEqual([before.deliveries, before.cacheHits, before.cacheMisses, before.reads], [30, 30, 0, 0]);
  assert.deepEqual([before.streamsOpen, before.streamsWaiting], [1, 1]);
  assert.equal(before.cacheBytes, 3 * 512, 'a frame of a small log takes a sector');
  await waldo.append(['last']);
  await waiting;
  assert.equal(waldo.stats().deliveries, 31);
  await tail.return();
  assert.deepEqual([waldo.stats().streamsOpen, waldo.stats().streamsWaiting], [0, 0]);
});

test('streams that fail, end, abort or are closed are open no longer', async () => {
  const { waldo } = await openFake();
  const controller = new AbortController();
  const streams = [
    waldo.query(Cursor.after(99)),
    waldo.query(Cursor.trim()),
    waldo.tail(Cursor.trim(), { signal: controller.signal }),
    waldo.tail(Cursor.trim()),
    waldo.tail(Cursor.trim()),
  ];
  const nexts = streams.slice(0, 4).map((stream) => stream.next());
  controller.abort();
  await Promise.allSettled(nexts.slice(0, 3));
  assert.equal(waldo.stats().streamsOpen, 2);
  await waldo.close();
  assert.equal((await nexts[3]!).done, true);
  assert.equal(waldo.stats().streamsOpen, 0);
});

test('reads from disk are counted once, however many share them', async () => {
  const { waldo, fake } = await openFake();
  await waldo.append(['a', 'b']);
  await waldo.close();
  const reader = await openWaldoReader(fake.binding, '/ring', {});
  await Promise.all(range(1, 5).map(() => textsOf(reader.query(Cursor.trim()))));
  const { reads, readBytes, cacheMisses, deliveries, readLatency, readsFailed, ...rest } = reader.stats();
  assert.deepEqual([reads, readBytes, cacheMisses, deliveries, readsFailed], [1, 2 * 32, 5, 5, 0]);
  assert.equal(readLatency.count, 1);
  assert.equal('appends' in rest, false);
  fake.readFailure = IO_ERROR;
  const uncached = await openWaldoReader(fake.binding, '/ring', { cacheBytes: 0 });
  await assert.rejects(textsOf(uncached.query(Cursor.trim())), { code: 'WALDO_IO' });
  assert.deepEqual([uncached.stats().readsFailed, uncached.stats().reads], [1, 0]);
});

test('bytes are those of packed logs', async () => {
  const { waldo } = await openFake();
  await waldo.append(['x', Buffer.alloc(8), 'ä'.repeat(4)]);
  assert.equal(waldo.stats().bytes, 3 * (24 + 8));
});

test('stats can be asked for after the ring was closed', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a']);
  await waldo.close();
  await assert.rejects(waldo.append(['b']), { code: 'WALDO_CLOSED' });
  const { appends, appendsFailed, tip, cacheBytes } = waldo.stats();
  assert.deepEqual([appends, appendsFailed, tip, cacheBytes], [1, 1, 1, 0]);
});
