import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, ringDirectory } from '../support/cli.js';

test('where there is no terminal, top shows the ring once, as text or as JSON', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring], 'one\ntwo\n');
  const { code, stdout, stderr } = await cli(['top', ring]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout.toString(), /^tip 2 · trim 0 · 2 logs$/m);
  const json = await cli(['top', ring, '--once', '--json']);
  const shown = JSON.parse(json.stdout.toString());
  assert.deepEqual([shown.tip, shown.logCount, shown.pages.length, shown.logsPerSecond], [2, 2, 1, 0]);
});

test('a directory without a ring is named', async (t) => {
  const { code, stderr } = await cli(['top', ringDirectory(t)]);
  assert.equal(code, 1);
  assert.match(stderr, /there is no ring in/);
});
