import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory } from '../support/cli.js';
import { storeBeside } from '../support/stores.js';

test('consume ends quietly with 0 when its reader has seen enough', async (t) => {
  const ring = ringDirectory(t);
  const store = storeBeside(ring);
  const input = Array.from({ length: 50_000 }, (_, n) => `line ${n} ${'x'.repeat(100)}\n`).join('');
  await cli(['append', ring, '--file-capacity', '8MiB'], input);
  await cli(['upload', ring, '--to', store, '--flush-size', '256KiB']);
  for (const flags of [[], ['--json'], ['--follow'], ['--follow', '--ack']]) {
    const consume = new Cli(['consume', store, ...flags]);
    consume.child.stdout.once('data', () => consume.child.stdout.destroy());
    const { code, stderr } = await consume.ended;
    assert.deepEqual([code, stderr], [0, ''], flags.join(' '));
  }
});
