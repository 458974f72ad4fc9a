import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bench, benchDirectory } from './support/bench.js';

const MISTAKES: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [['appends'], /there is no suite 'appends'; there are disk, append, /],
  [['append', '--pairs', '0'], /--pairs.*Expected at least 1/],
  [['append', '--time', '0'], /--time.*more than 0/],
  [['append', '--filter', 'nothing like it'], /no trial's name contains 'nothing like it'/],
  [['append', '--fast'], /unknown option '--fast'/],
];

for (const [args, message] of MISTAKES) {
  test(`bench ${args.join(' ')} is explained, and nothing is run`, async () => {
    const { code, stdout, stderr } = await bench(args).ended;
    assert.deepEqual([code, stdout.length], [2, 0]);
    assert.match(stderr, /^waldo: /);
    assert.match(stderr, message);
  });
}

test('a directory that is not there is named', async (t) => {
  const dir = join(benchDirectory(t), 'missing');
  const { code, stderr } = await bench(['open', '--quick', '--dir', dir]).ended;
  assert.equal(code, 1);
  assert.ok(stderr.includes(`${dir} is not a directory`), stderr);
});

test('a directory that nothing can be written to is named', async () => {
  const { code, stderr } = await bench(['open', '--quick', '--dir', '/proc']).ended;
  assert.equal(code, 1);
  assert.match(stderr, /^waldo: nothing can be written to \/proc: /);
});

test('--list names trials and makes nothing', async (t) => {
  const dir = benchDirectory(t);
  const { code, stdout } = await bench(['open', 'seek', '--list', '--quick', '--dir', dir]).ended;
  assert.equal(code, 0);
  assert.match(stdout.toString(), /^open\/1 MiB after clean close$/m);
  assert.deepEqual(readdirSync(dir), []);
});
