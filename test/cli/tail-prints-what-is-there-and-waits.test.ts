import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory, SMALL_RING } from '../support/cli.js';

const LINES = Array.from({ length: 2000 }, (_, n) => `line ${n + 1} ${'x'.repeat(300)}`);

const cases: [string[], string[]][] = [
  [['--last', '3'], LINES.slice(-3)],
  // More than the newest page holds.
  [['--last', '1200'], LINES.slice(-1200)],
  [['--after', '1990'], LINES.slice(1990)],
  [['--from', '1990'], LINES.slice(1989)],
  [['--cursor', 'a', '--after', '1990'], LINES.slice(1990)],
];

test('tail prints what the flags ask for, and waits for a signal', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], LINES.join('\n'));
  for (const [flags, expected] of cases) {
    const tail = new Cli(['tail', ring, ...flags]);
    const text = expected.map((line) => `${line}\n`).join('');
    await tail.until(({ stdout }) => stdout.length >= text.length);
    tail.child.kill('SIGINT');
    const { code, stdout, stderr } = await tail.ended;
    assert.deepEqual([code, stderr], [130, '']);
    assert.equal(stdout.toString(), text, flags.join(' '));
  }
});

test('tail --last with more logs than there are, and --trim, print all', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], 'one\ntwo\n');
  for (const flags of [['--last', '99'], ['--trim']]) {
    const { code, stdout } = await cli(['tail', ring, ...flags, '--count', '2', '--json']);
    assert.equal(code, 0);
    assert.deepEqual(
      stdout
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).data),
      ['one', 'two'],
    );
  }
});

test('tail ends by itself with --count', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], 'one\ntwo\nthree\n');
  const { code, stdout, stderr } = await cli(['tail', ring, '--from', '2', '--count', '1']);
  assert.deepEqual([code, stdout.toString(), stderr], [0, 'two\n', '']);
});
