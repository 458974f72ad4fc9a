import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from '../src/histogram.js';
import { withCode } from './support/rings.js';

/** Microseconds from a tenth to an hour, as many short ones as long ones. */
const microseconds = fc
  .double({ min: -1, max: 9.5, noNaN: true })
  .map((exponent) => Math.round(10 ** exponent * 1000) / 1000);

/** The value that `p` percent of the values do not exceed. */
function exact(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((p * sorted.length) / 100)) - 1]!;
}

test('percentiles are the exact ones, within 1.6 %', () => {
  const values = fc.array(microseconds, { minLength: 1, maxLength: 300 });
  const percents = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 20 });
  fc.assert(
    fc.property(values, percents, (values, percents) => {
      const histogram = new Histogram();
      for (const value of values) histogram.record(value);
      const found = histogram.snapshot();
      const near = (value: number, p: number) => {
        const expected = exact(values, p);
        assert(Math.abs(value - expected) <= expected * 0.016, `p${p}: ${value}, not ${expected}`);
      };
      for (const p of [0, 50, 99, 99.9, ...percents]) near(found.percentile(p), p);
      near(found.p50, 50);
      near(found.p99, 99);
      near(found.p999, 99.9);
      assert.equal(found.count, values.length);
      assert.equal(found.max, Math.max(...values));
      assert.equal(found.percentile(100), found.max);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      assert(Math.abs(found.mean - mean) <= mean * 1e-9);
    }),
  );
});

test('a value that is recorded many times counts as often', () => {
  const histogram = new Histogram();
  histogram.record(10, 990);
  histogram.record(1000, 10);
  histogram.record(5000, 0);
  const { count, p50, p99, p999, max } = histogram.snapshot();
  assert.equal(count, 1000);
  assert.equal(max, 1000);
  assert(Math.abs(p50 - 10) < 0.2 && Math.abs(p99 - 10) < 0.2 && p999 > 980, `${p50} ${p99} ${p999}`);
});

test('nothing recorded is all zeros', () => {
  const empty = new Histogram().snapshot();
  assert.deepEqual({ ...empty }, { count: 0, mean: 0, max: 0, p50: 0, p99: 0, p999: 0 });
  assert.equal(empty.percentile(99), 0);
});

test('times of no length and of weeks are counted', () => {
  const histogram = new Histogram();
  for (const value of [0, 0, 3e12]) histogram.record(value);
  const { p50, p99, max } = histogram.snapshot();
  assert.deepEqual({ p50, p99, max }, { p50: 0, p99: 3e12, max: 3e12 });
});

test('a snapshot does not change, and can be sent as JSON', () => {
  const histogram = new Histogram();
  histogram.record(5);
  const snapshot = histogram.snapshot();
  histogram.record(50);
  assert.equal(snapshot.percentile(100), 5);
  assert.deepEqual(JSON.parse(JSON.stringify(snapshot)), {
    count: 1,
    mean: 5,
    max: 5,
    p50: 5,
    p99: 5,
    p999: 5,
  });
});

test('a percentile beyond 0 to 100 is refused', () => {
  const snapshot = new Histogram().snapshot();
  for (const p of [-1, 100.1, Number.NaN, '99' as unknown as number, undefined as unknown as number]) {
    assert.throws(
      () => snapshot.percentile(p),
      withCode('WALDO_INVALID_ARGUMENT', /a percentile is a number from 0 to 100; received/),
    );
  }
});
