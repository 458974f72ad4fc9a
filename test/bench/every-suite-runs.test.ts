import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import type { Result } from '../../bench/harness.js';
import { SUITES } from '../../bench/suites.js';
import { bench, benchDirectory } from './support/bench.js';

test('every suite runs on tiny sizes, prints one object a metric, and leaves nothing behind', async (t) => {
  const dir = benchDirectory(t);
  const { code, stdout, stderr } = await bench(['--quick', '--json', '--time', '0.01', '--dir', dir]).ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(readdirSync(dir), []);
  const results = stdout
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Result);
  assert.deepEqual(
    [...new Set(results.map(({ suite }) => suite))],
    SUITES.map(({ name }) => name),
  );
  for (const result of results) checkShape(result);
  assert.ok(results.some(({ baseline }) => baseline?.startsWith('raw pwrite')));
  assert.ok(results.some(({ baseline }) => baseline?.startsWith('raw pread')));
});

function checkShape(result: Result): void {
  const { suite, trial, unit, median, min, max, runs, baseline, ratio } = result;
  assert.deepEqual(
    Object.keys(result),
    ['suite', 'trial', 'unit', 'median', 'min', 'max', 'runs', 'baseline', 'ratio'],
    `${suite}/${trial}`,
  );
  for (const text of [suite, trial, unit]) assert.equal(typeof text, 'string');
  for (const value of [median, min, max]) assert.ok(Number.isFinite(value), `${suite}/${trial}`);
  assert.ok(min <= median && median <= max);
  if (unit.endsWith('/s')) assert.ok(min > 0, `${suite}/${trial} did nothing`);
  assert.equal(runs, 1);
  assert.equal(typeof ratio, baseline === null ? 'object' : 'number');
}
