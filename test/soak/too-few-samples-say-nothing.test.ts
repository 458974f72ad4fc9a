import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatness } from '../campaigns/soak/flatness.js';
import { series, TOLERANCE } from './series.js';

for (const count of [0, 1, 2, 15]) {
  test(`${count} samples`, () => {
    const { verdict, growth } = flatness(
      series(count, (t) => 1000 * t),
      TOLERANCE,
    );
    assert.equal(verdict, 'short');
    assert(Number.isFinite(growth));
  });
}

test('16 samples do', () => {
  assert.equal(
    flatness(
      series(16, (t) => 1000 * t),
      TOLERANCE,
    ).verdict,
    'rising',
  );
});
