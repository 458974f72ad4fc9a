import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, ringDirectory, SMALL_RING } from '../support/cli.js';

test('verify of a sound ring counts what it checked and exits with 0', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], 'one\ntwo\n');
  const text = await cli(['verify', ring]);
  assert.deepEqual([text.code, text.stderr], [0, '']);
  assert.match(text.stdout.toString(), /^1 page, .* 2 logs, .* checked: no problem found\n$/);
  const json = await cli(['verify', ring, '--json']);
  const { ok, pages, logs, problems } = JSON.parse(json.stdout.toString());
  assert.deepEqual(
    { code: json.code, ok, pages, logs, problems },
    { code: 0, ok: true, pages: 1, logs: 2, problems: [] },
  );
});

test('verify of a ring that has wrapped, and of an empty one, finds nothing', async (t) => {
  const wrapped = ringDirectory(t);
  const input = Array.from({ length: 12_000 }, (_, n) => `${n} ${'x'.repeat(100)}\n`).join('');
  await cli(['append', wrapped, ...SMALL_RING], input);
  const empty = ringDirectory(t);
  await cli(['append', empty, ...SMALL_RING], '');
  for (const ring of [wrapped, empty]) {
    const { code, stdout } = await cli(['verify', ring]);
    assert.equal(code, 0, stdout.toString());
  }
});
