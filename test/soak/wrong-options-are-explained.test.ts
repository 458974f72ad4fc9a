import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HELP, readOptions, UsageError } from '../campaigns/soak/options.js';

const WRONG = {
  '--seconds 3': /--seconds is a number from 4 to/,
  '--hours 1 --seconds 60': /give --hours or --seconds, not both/,
  '--rate fast': /--rate is a number from 1 to 1000000; received fast/,
  '--tails 1.5': /--tails is an integer; received 1.5/,
  '--leak logs': /--leak is one of none, fds, threads, memory; received logs/,
  '--speed 1': /--speed/,
};

for (const [args, message] of Object.entries(WRONG)) {
  test(`wrong: ${args}`, () => {
    assert.throws(
      () => readOptions(args.split(' '), '/root'),
      (error: Error) => error instanceof UsageError && message.test(error.message),
    );
  });
}

test('hours are seconds, and samples come less often', () => {
  const { seconds, interval, kills } = readOptions(['--hours', '8', '--kills', '12'], '/root')!;
  assert.deepEqual([seconds, interval, kills], [28_800, 8, 12]);
});

test('the help names every option', () => {
  assert.equal(readOptions(['--help'], '/root'), undefined);
  for (const name of ['hours', 'seconds', 'seed', 'rate', 'appends', 'tails', 'readers', 'out', 'leak'])
    assert.match(HELP, new RegExp(`--${name}\\b`));
});
