import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory, SMALL_RING } from '../support/cli.js';

test('while one process writes a ring, append exits with 4 and names the writer', async (t) => {
  const ring = ringDirectory(t);
  const holder = new Cli(['append', ring, ...SMALL_RING, '--ack']);
  holder.child.stdin.write('one\n');
  await holder.until(({ stdout }) => stdout.length > 0);
  const { code, stdout, stderr } = await cli(['append', ring], 'two\n');
  assert.deepEqual([code, stdout.length], [4, 0], stderr);
  assert.match(stderr, /^waldo: .*\n$/);
  assert.match(stderr, new RegExp(`\\b${holder.child.pid}\\b`));
  holder.child.stdin.end();
  assert.equal((await holder.ended).code, 0);
  assert.equal((await cli(['cat', ring])).stdout.toString(), 'one\n');
});

test('while one process writes a ring, others read it', async (t) => {
  const ring = ringDirectory(t);
  const holder = new Cli(['append', ring, ...SMALL_RING, '--ack']);
  holder.child.stdin.write('one\n');
  await holder.until(({ stdout }) => stdout.length > 0);
  assert.equal((await cli(['cat', ring])).stdout.toString(), 'one\n');
  assert.match((await cli(['info', ring])).stdout.toString(), /^state +being written$/m);
  assert.equal((await cli(['verify', ring])).code, 0);
  const tail = new Cli(['tail', ring, '--last', '1']);
  await tail.until(({ stdout }) => stdout.toString() === 'one\n');
  holder.child.stdin.write('two\n');
  await tail.until(({ stdout }) => stdout.toString() === 'one\ntwo\n');
  tail.child.kill('SIGINT');
  await tail.ended;
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
