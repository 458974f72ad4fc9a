import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SUITES } from '../../bench/suites.js';
import { bench } from './support/bench.js';

test('bench --help names every suite, and shows examples', async () => {
  const { code, stdout, stderr } = await bench(['--help']).ended;
  assert.deepEqual([code, stderr], [0, '']);
  const help = stdout.toString();
  assert.match(help, /Usage: waldo bench \[options\] \[suite\.\.\.\]/);
  assert.match(help, /Examples:\n.*waldo bench /);
  for (const { name } of SUITES) assert.match(help, new RegExp(`^  ${name} +\\w`, 'm'));
});
