import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory } from '../support/cli.js';

test('cat ends quietly with 0 when its reader has seen enough', async (t) => {
  const ring = ringDirectory(t);
  const input = Array.from({ length: 50_000 }, (_, n) => `line ${n} ${'x'.repeat(100)}\n`).join('');
  await cli(['append', ring, '--file-capacity', '8MiB'], input);
  for (const flags of [[], ['--json']]) {
    const cat = new Cli(['cat', ring, ...flags]);
    cat.child.stdout.once('data', () => cat.child.stdout.destroy());
    const { code, stderr } = await cat.ended;
    assert.deepEqual([code, stderr], [0, '']);
  }
});

test('append ends quietly with 0 when nobody reads its output, and keeps what it read', async (t) => {
  const ring = ringDirectory(t);
  const append = new Cli(['append', ring, '--file-capacity', '8MiB', '--ack']);
  append.child.stdout.destroy();
  append.child.stdin.write('one\n');
  const { code, stderr } = await append.ended;
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal((await cli(['cat', ring])).stdout.toString(), 'one\n');
});
