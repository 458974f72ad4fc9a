import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, ringDirectory, SMALL_RING } from '../support/cli.js';

const LINES = Array.from({ length: 20 }, (_, n) => `line ${n + 1}`);

const cases: [string[], string[]][] = [
  [[], LINES],
  [['--after', '0'], LINES],
  [['--after', '15'], LINES.slice(15)],
  [['--from', '15'], LINES.slice(14)],
  [['--after', '20'], []],
  [['--count', '3'], LINES.slice(0, 3)],
  [['--from', '19', '--count', '7'], LINES.slice(18)],
  [['--after', '5', '--count', '2'], LINES.slice(5, 7)],
  [['--count', '0'], []],
];

test('cat prints the logs that the flags ask for', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], LINES.join('\n'));
  for (const [flags, expected] of cases) {
    const { code, stdout, stderr } = await cli(['cat', ring, ...flags]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout.toString(), expected.map((line) => `${line}\n`).join(''), flags.join(' '));
  }
});

test('a cursor beyond the newest log is an error that names both', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], LINES.join('\n'));
  const { code, stdout, stderr } = await cli(['cat', ring, '--after', '21']);
  assert.deepEqual([code, stdout.length], [1, 0]);
  assert.match(stderr, /^waldo: .*\b21\b.*\b20\b.*\n$/);
});

test('logs that the ring has overwritten are an error that names the oldest', async (t) => {
  const ring = ringDirectory(t);
  const input = Array.from({ length: 10_000 }, (_, n) => `${n} ${'x'.repeat(100)}\n`).join('');
  await cli(['append', ring, ...SMALL_RING], input);
  const { pages } = JSON.parse((await cli(['info', ring, '--json'])).stdout.toString());
  const { code, stderr } = await cli(['cat', ring, '--from', '1']);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^waldo: .*\\b${pages[0].firstSeqNo}\\b.*\\n$`));
  const oldest = await cli(['cat', ring, '--count', '1', '--json']);
  assert.equal(JSON.parse(oldest.stdout.toString()).seqNo, pages[0].firstSeqNo);
});
