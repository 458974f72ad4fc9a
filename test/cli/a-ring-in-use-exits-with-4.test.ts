import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory, SMALL_RING } from '../support/cli.js';

test('while one process writes a ring, the other commands exit with 4 and name the writer', async (t) => {
  const ring = ringDirectory(t);
  const holder = new Cli(['append', ring, ...SMALL_RING, '--ack']);
  holder.child.stdin.write('one\n');
  await holder.until(({ stdout }) => stdout.length > 0);
  for (const command of ['append', 'cat', 'tail', 'info', 'verify']) {
    const { code, stdout, stderr } = await cli([command, ring], 'two\n');
    assert.deepEqual([code, stdout.length], [4, 0], stderr);
    assert.match(stderr, /^waldo: .*\n$/);
    assert.match(stderr, new RegExp(`\\b${holder.child.pid}\\b`));
  }
  holder.child.stdin.end();
  assert.equal((await holder.ended).code, 0);
  assert.equal((await cli(['cat', ring])).stdout.toString(), 'one\n');
});

test('tail says that following another process is not possible yet', async (t) => {
  const ring = ringDirectory(t);
  const holder = new Cli(['append', ring, ...SMALL_RING, '--ack']);
  holder.child.stdin.write('one\n');
  await holder.until(({ stdout }) => stdout.length > 0);
  const { stderr } = await cli(['tail', ring]);
  assert.match(stderr, /not supported yet/);
  holder.child.stdin.end();
  await holder.ended;
});

test('kill -9 of the writer frees the ring', async (t) => {
  const ring = ringDirectory(t);
  const holder = new Cli(['append', ring, ...SMALL_RING, '--ack']);
  holder.child.stdin.write('one\n');
  await holder.until(({ stdout }) => stdout.length > 0);
  holder.child.kill('SIGKILL');
  await holder.ended;
  const { code, stderr } = await cli(['append', ring], 'two\n');
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal((await cli(['cat', ring])).stdout.toString(), 'one\ntwo\n');
});
