import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { CLI_MAIN, cli, ringDirectory, SMALL_RING } from '../support/cli.js';

for (const command of ['cat', 'tail', 'info', 'verify']) {
  test(`${command} of a directory without a ring exits with 1 and names it`, async (t) => {
    const ring = ringDirectory(t);
    mkdirSync(ring);
    const { code, stdout, stderr } = await cli([command, ring]);
    assert.deepEqual([code, stdout.length], [1, 0]);
    assert.match(stderr, /^waldo: .*\n$/);
    assert.ok(stderr.includes(ring));
  });
}

test('append to a file exits with 1 and names it', async (t) => {
  const file = ringDirectory(t);
  writeFileSync(file, 'not a directory');
  const { code, stderr } = await cli(['append', file, ...SMALL_RING], 'one\n');
  assert.equal(code, 1);
  assert.match(stderr, /^waldo: .*\n$/);
  assert.ok(stderr.includes(file));
});

test('append from a directory exits with 1 and appends nothing', async (t) => {
  const ring = ringDirectory(t);
  const input = openSync(dirname(ring), 'r');
  const result = spawnSync(process.execPath, [CLI_MAIN, 'append', ring, ...SMALL_RING], {
    stdio: [input, 'pipe', 'pipe'],
  });
  assert.equal(result.status, 1);
  assert.match(result.stderr.toString(), /^waldo: cannot read standard input: EISDIR.*\n$/);
});

test('append reads a file from where its descriptor stands', async (t) => {
  const ring = ringDirectory(t);
  const file = join(dirname(ring), 'input');
  writeFileSync(file, 'one\ntwo\nthree');
  const script = '{ read -r first; exec "$@"; } < "$FILE"';
  const result = spawnSync(
    'bash',
    ['-c', script, 'bash', process.execPath, CLI_MAIN, 'append', ring, ...SMALL_RING, '--json'],
    { env: { ...process.env, FILE: file } },
  );
  assert.equal(result.status, 0, result.stderr.toString());
  assert.equal((await cli(['cat', ring])).stdout.toString(), 'two\nthree\n');
});
