import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatness } from '../campaigns/soak/flatness.js';
import { series, TOLERANCE } from './series.js';

const RISING = {
  'a steady leak': series(100, (t) => 20 + t),
  'a leak under noise': series(200, (t, random) => 500 + 2 * t + 150 * random.unit()),
  'a leak under a sawtooth': series(200, (t) => 100 + t + 5 * (t % 20)),
  'a leak in steps': series(100, (t) => 20 + 20 * Math.floor(t / 20)),
  'a leak that outliers hide': series(100, (t) => (t % 10 === 0 ? 0 : 20 + t)),
  'from nothing': series(100, (t) => t / 4),
  'more samples than are compared in pairs': series(5000, (t) => 20 + t / 100),
};

for (const [name, points] of Object.entries(RISING)) {
  test(`rising: ${name}`, () => {
    assert.equal(flatness(points, TOLERANCE).verdict, 'rising');
  });
}

test('the line says what is gained, and in which time', () => {
  const { first, last, growth, perHour, allowed } = flatness(
    series(101, (t) => 100 + 2 * t),
    TOLERANCE,
  );
  assert.deepEqual(
    { first, last, growth, perHour, allowed },
    { first: 124, last: 276, growth: 200, perHour: 7200, allowed: 12.4 },
  );
});
