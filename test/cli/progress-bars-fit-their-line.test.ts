import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { progressBar, RateMeter } from '../../src/cli/progress-bar.js';

test('a bar shows the part that is done, in the room that the text leaves', () => {
  assert.equal(progressBar(0.5, '5 logs', 40), '[##########----------]  50 % 5 logs');
  assert.equal(progressBar(0.999, 'x'.repeat(57), 80), `[#########-]  99 % ${'x'.repeat(57)}`);
  assert.equal(progressBar(1, 'x'.repeat(70), 80), `100 % ${'x'.repeat(70)}`);
});

test('a bar never makes a line longer than the terminal is wide', () => {
  const text = fc.string({ maxLength: 60 });
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), text, (fraction, text) => {
      assert(progressBar(fraction, text, 80).length < 80);
    }),
  );
});

test('a rate is that of the last seconds', () => {
  let now = 0;
  const meter = new RateMeter(() => now);
  assert.equal(meter.perSecond(0), 0);
  now = 1000;
  assert.equal(meter.perSecond(500), 500);
  now = 2000;
  assert.equal(meter.perSecond(1000), 500);
  for (now = 3000; now < 20_000; now += 1000) meter.perSecond(1000);
  assert.equal(meter.perSecond(1000), 0);
});
