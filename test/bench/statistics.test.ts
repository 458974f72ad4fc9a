import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram, median, quantiles } from '../../bench/statistics.js';

test('a median is the middle value, or halfway between the middle two', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 2, 100]), 3);
});

test('quantiles are those of the sorted values', () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i * 7) % 1000);
  assert.deepEqual(quantiles(values), { p50: 500, p99: 990, p999: 999 });
  assert.deepEqual(quantiles([]), { p50: 0, p99: 0, p999: 0 });
});

test('a histogram is right to 5 µs, and keeps what is too long for it in its last bucket', () => {
  const histogram = new Histogram();
  assert.equal(histogram.quantile(0.5), 0);
  for (let i = 0; i < 99; i++) histogram.record(1.001);
  histogram.record(60_000);
  assert.ok(Math.abs(histogram.quantile(0.5) - 1.001) < 0.005);
  assert.ok(histogram.quantile(1) >= 10_000);
});
