import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatness } from '../campaigns/soak/flatness.js';
import { series, TOLERANCE } from './series.js';

const FLAT = {
  'the same value': series(100, () => 500),
  noise: series(100, (_, random) => 500 + 200 * random.unit()),
  'a sawtooth, as garbage collection draws it': series(400, (t) => 100 + 9 * (t % 20)),
  'one that falls': series(100, (t) => 500 - 3 * t),
  'a gain within the absolute tolerance': series(100, (t) => 20 + t / 11),
  'a gain within the relative tolerance': series(100, (t) => 1000 + t / 1.2),
  'some outliers at the end': series(100, (t) => (t > 90 ? 5000 : 500)),
  zeros: series(100, () => 0),
};

for (const [name, points] of Object.entries(FLAT)) {
  test(`flat: ${name}`, () => {
    assert.equal(flatness(points, TOLERANCE).verdict, 'flat');
  });
}
