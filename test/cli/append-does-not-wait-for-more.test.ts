import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, ringDirectory, SMALL_RING } from '../support/cli.js';

test('a line is durable before the next one comes', async (t) => {
  const append = new Cli(['append', ringDirectory(t), ...SMALL_RING, '--ack']);
  for (const n of [1, 2, 3]) {
    append.child.stdin.write(`line ${n}\n`);
    await append.until(({ stdout }) => stdout.toString().endsWith(`${n}\n`));
  }
  append.child.stdin.end();
  assert.deepEqual((await append.ended).stdout.toString(), '1\n2\n3\n');
});
