import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory, SMALL_RING } from '../support/cli.js';

async function tail(ring: string, ...flags: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(['tail', ring, '--format', '%s ', ...flags]);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout.toString();
}

async function positions(ring: string): Promise<Record<string, number>> {
  const lines = (await cli(['cursors', ring, '--json'])).stdout.toString().trim().split('\n');
  return Object.fromEntries(lines.map((line) => JSON.parse(line)).map((c) => [c.name, c.position]));
}

test('each tail goes on behind what the one before has written', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], '1\n2\n3\n4\n5\n6\n');
  assert.equal(await tail(ring, '--cursor', 'a', '--count', '2'), '1 2 ');
  assert.equal(await tail(ring, '--cursor', 'a', '--count', '3'), '3 4 5 ');
  assert.equal(await tail(ring, '--cursor', 'b', '--from', '4', '--count', '1'), '4 ');
  assert.deepEqual(await positions(ring), { a: 5, b: 4 });
  // Where a new one would start does not matter to one that is there.
  assert.equal(await tail(ring, '--cursor', 'a', '--trim', '--count', '1'), '6 ');
});

test('what nobody has taken off the output is not committed; a signal commits what was', async (t) => {
  const ring = ringDirectory(t);
  const lines = Array.from({ length: 300 }, (_, n) => `${n} ${'x'.repeat(2000)}\n`);
  await cli(['append', ring, '--file-capacity', '8MiB', '--buf-capacity', '4KiB'], lines.join(''));
  const broken = new Cli(['tail', ring, '--cursor', 'a']);
  broken.child.stdout.destroy();
  const { code, stderr } = await broken.ended;
  assert.deepEqual([code, stderr], [0, '']);
  assert((await positions(ring)).a! < 300);

  const stopped = new Cli(['tail', ring, '--cursor', 'a', '--skip-trimmed']);
  await stopped.until(({ stdout }) => stdout.includes('\n299 '));
  stopped.child.kill('SIGTERM');
  assert.equal((await stopped.ended).code, 143);
  assert.deepEqual(await positions(ring), { a: 300 });
});

test('a cursor has one tail at a time, and a name of letters and digits', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], '1\n2\n');
  const first = new Cli(['tail', ring, '--cursor', 'a']);
  await first.until(({ stdout }) => stdout.toString() === '1\n2\n');
  const second = await cli(['tail', ring, '--cursor', 'a']);
  assert.equal(second.code, 4);
  assert.match(second.stderr, /cursor a/);
  first.child.kill('SIGINT');
  assert.equal((await first.ended).code, 130);
  const wrong = await cli(['tail', ring, '--cursor', '../a']);
  assert.match(wrong.stderr, /a cursor's name is 1 to 64 letters, digits, "-" and "_"; received '\.\.\/a'/);
  assert.equal(wrong.code, 1);
});
