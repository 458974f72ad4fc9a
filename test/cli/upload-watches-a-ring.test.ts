import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory, SMALL_RING } from '../support/cli.js';
import { storeBeside } from '../support/stores.js';

test('upload --watch ships what comes, consume --follow prints it, and signals end both in good order', async (t) => {
  const ring = ringDirectory(t);
  const store = storeBeside(ring);
  await cli(['append', ring, ...SMALL_RING], '1\n');
  const upload = new Cli(['upload', ring, '--to', store, '--watch', '--flush-interval', '10ms', '--json']);
  const consume = new Cli(['consume', store, '--follow']);
  await consume.until(({ stdout }) => stdout.toString() === '1\n');
  await cli(['append', ring], '2\n3\n');
  await consume.until(({ stdout }) => stdout.toString() === '1\n2\n3\n');
  upload.child.kill('SIGTERM');
  const { code, stdout } = await upload.ended;
  assert.equal(code, 143);
  assert.equal(JSON.parse(stdout.toString()).logs, 3);
  consume.child.kill('SIGINT');
  assert.equal((await consume.ended).code, 130);
});

test('a signal has what is durable shipped before the end', async (t) => {
  const ring = ringDirectory(t);
  const store = storeBeside(ring);
  await cli(['append', ring, ...SMALL_RING], '1\n');
  const upload = new Cli([
    'upload',
    ring,
    '--to',
    store,
    '--watch',
    '--flush-interval',
    '1h',
    '--flush-size',
    '1KiB',
  ]);
  // A full batch shows that it is at work; the rest of the ring waits for the hour to pass.
  await cli(['append', ring], `${'x'.repeat(1024)}\n`);
  const consume = new Cli(['consume', store, '--follow', '--count', '2']);
  await consume.until(({ stdout }) => stdout.length > 0);
  await cli(['append', ring], 'last\n');
  upload.child.kill('SIGINT');
  assert.equal((await upload.ended).code, 130);
  assert.match((await cli(['consume', store])).stdout.toString(), /^1\nx+\nlast\n$/);
  assert.equal((await consume.ended).code, 0);
});

test('a ring has one uploader a cursor', async (t) => {
  const ring = ringDirectory(t);
  const store = storeBeside(ring);
  await cli(['append', ring, ...SMALL_RING], '1\n');
  const first = new Cli(['upload', ring, '--to', store, '--watch', '--flush-interval', '0s']);
  const shown = new Cli(['consume', store, '--follow', '--count', '1']);
  assert.equal((await shown.ended).code, 0);
  const second = await cli(['upload', ring, '--to', store]);
  assert.equal(second.code, 4);
  assert.match(second.stderr, /^waldo: .*cursor uploader.*\n$/);
  const other = await cli([
    'upload',
    ring,
    '--to',
    store,
    '--cursor',
    'copy',
    '--manifest-path',
    'copy/manifest',
  ]);
  assert.deepEqual([other.code, other.stderr], [0, '']);
  first.child.kill('SIGTERM');
  assert.equal((await first.ended).code, 143);
});

test('upload says what the ring has overwritten, and goes on behind it if it may', async (t) => {
  const ring = ringDirectory(t);
  const store = storeBeside(ring);
  await cli(['append', ring, ...SMALL_RING], '1\n');
  await cli(['upload', ring, '--to', store]);
  const lines = Array.from({ length: 1200 }, (_, n) => `${n + 2} ${'x'.repeat(1000)}\n`).join('');
  await cli(['append', ring], lines);
  const refused = await cli(['upload', ring, '--to', store]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /overwritten logs 2 to \d+ .*; --skip-trimmed goes on there\n$/);
  const { code, stdout, stderr } = await cli(['upload', ring, '--to', store, '--skip-trimmed', '--json']);
  assert.equal(code, 0);
  assert.match(stderr, /^waldo: the ring has overwritten logs 2 to \d+ .*\n$/);
  const { gaps, position } = JSON.parse(stdout.toString());
  assert.deepEqual([gaps, position], [1, 1201]);
});
