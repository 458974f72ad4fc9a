import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, ringDirectory, SMALL_RING } from '../support/cli.js';
import { flipBitOf } from '../support/flip.js';
import { appendInParts } from '../support/lines.js';

/** A ring of three commits, of logs 1 and 2, 3 and 4, 5 and 6. The bit that is flipped is in log 3. */
async function damagedRing(t: Parameters<typeof ringDirectory>[0]): Promise<string> {
  const ring = ringDirectory(t);
  const { code, stderr } = await appendInParts(
    [ring, ...SMALL_RING],
    ['one\ntwo\n', 'three\nfour\n', 'five\nsix\n'],
  );
  assert.equal(code, 0, stderr);
  assert.equal((await cli(['verify', ring])).code, 0);
  flipBitOf(ring, 'three');
  return ring;
}

test('verify names the logs that a flipped bit has cost', async (t) => {
  const ring = await damagedRing(t);
  const { code, stdout, stderr } = await cli(['verify', ring]);
  assert.deepEqual([code, stderr], [3, '']);
  assert.match(stdout.toString(), /logs 3 to 4 are lost[\s\S]*: 1 problem found\n$/);
});

test('verify --json lists the problems', async (t) => {
  const ring = await damagedRing(t);
  const { code, stdout } = await cli(['verify', ring, '--json']);
  assert.equal(code, 3);
  const { ok, logs, problems } = JSON.parse(stdout.toString());
  assert.deepEqual([ok, logs, problems.length], [false, 4, 1]);
  assert.deepEqual([problems[0].page, problems[0].firstLost, problems[0].lastLost], [0, 3, 4]);
});

test('cat and tail --salvage print what is left and name the gap', async (t) => {
  const ring = await damagedRing(t);
  for (const args of [
    ['cat', ring, '--salvage'],
    ['tail', ring, '--salvage', '--trim', '--count', '4'],
  ]) {
    const { code, stdout, stderr } = await cli(args);
    assert.deepEqual([code, stdout.toString()], [3, 'one\ntwo\nfive\nsix\n']);
    assert.match(stderr, /^waldo: logs 3 to 4 are lost .*\n$/);
  }
});

test('a gap outside what was asked for is not named', async (t) => {
  const ring = await damagedRing(t);
  for (const [flags, output] of [
    [['--count', '2'], 'one\ntwo\n'],
    [['--from', '5'], 'five\nsix\n'],
  ] as const) {
    const { code, stdout, stderr } = await cli(['cat', ring, '--salvage', ...flags]);
    assert.deepEqual([code, stdout.toString(), stderr], [0, output, '']);
  }
});

for (const command of ['append', 'cat', 'tail', 'info']) {
  test(`${command} refuses a damaged ring and names the logs lost`, async (t) => {
    const ring = await damagedRing(t);
    const { code, stdout, stderr } = await cli([command, ring], 'seven\n');
    assert.deepEqual([code, stdout.length], [3, 0]);
    assert.match(stderr, /^waldo: .*\blogs 3 to 4 are lost.*\n$/);
  });
}

test('append --salvage names the gap and goes on behind it', async (t) => {
  const ring = await damagedRing(t);
  const { code, stdout, stderr } = await cli(['append', ring, '--salvage', '--json'], 'seven\n');
  assert.equal(code, 0);
  assert.match(stderr, /^waldo: logs 3 to 4 are lost .*\n$/);
  assert.equal(JSON.parse(stdout.toString()).firstSeqNo, 7);
  assert.equal((await cli(['cat', ring, '--salvage'])).stdout.toString(), 'one\ntwo\nfive\nsix\nseven\n');
});
