import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory, SMALL_RING } from '../support/cli.js';

const MiB = 2 ** 20;

test('a line over 1 MiB ends append with its number, the limit and its size', async (t) => {
  const ring = ringDirectory(t);
  const input = Buffer.concat([Buffer.from('one\n\n'), Buffer.alloc(MiB + 1, 'x'), Buffer.from('\nfour\n')]);
  const { code, stderr, stdout } = await cli(['append', ring, '--file-capacity', '4MiB', '--json'], input);
  assert.equal(code, 1);
  assert.match(stderr, /^waldo: line 3 is 1,048,577 bytes long; a log holds at most 1,048,576\b.*\n$/);
  assert.equal(JSON.parse(stdout.toString()).appended, 2);
  assert.equal((await cli(['cat', ring])).stdout.toString(), 'one\n\n');
});

test('a line of exactly 1 MiB is a log', async (t) => {
  const ring = ringDirectory(t);
  const input = Buffer.concat([Buffer.alloc(MiB, 'x'), Buffer.from('\n')]);
  const appended = await cli(['append', ring, '--file-capacity', '4MiB'], input);
  assert.equal(appended.code, 0, appended.stderr);
  assert.ok((await cli(['cat', ring])).stdout.equals(input));
});

test('the limit follows --buf-capacity, and a line without newline is checked too', async (t) => {
  const ring = ringDirectory(t);
  const { code, stderr } = await cli(['append', ring, ...SMALL_RING], `one\n${'x'.repeat(65536)}`);
  assert.equal(code, 1);
  assert.match(stderr, /^waldo: line 2 is 65,536 bytes long; a log holds at most 65,409\b/);
  assert.equal((await cli(['cat', ring])).stdout.toString(), 'one\n');
});

test('the lines before are durable while the long line still arrives', async (t) => {
  const ring = ringDirectory(t);
  const append = new Cli(['append', ring, ...SMALL_RING, '--ack']);
  append.child.stdin.write(`one\ntwo\n${'x'.repeat(100_000)}`);
  await append.until(({ stdout }) => stdout.toString() === '2\n');
  append.child.stdin.end(`${'x'.repeat(100_000)}\nfour\n`);
  const { code, stderr } = await append.ended;
  assert.equal(code, 1);
  assert.match(stderr, /^waldo: line 3 is 200,000 bytes long;/);
  assert.equal((await cli(['cat', ring])).stdout.toString(), 'one\ntwo\n');
});
