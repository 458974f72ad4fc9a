import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Waldo } from '../../src/index.js';
import { cli, ringDirectory } from '../support/cli.js';

async function ringWithCursors(t: Parameters<typeof ringDirectory>[0]): Promise<string> {
  const ring = ringDirectory(t);
  const waldo = await Waldo.open(ring);
  await waldo.append(['1', '2', '3']);
  await (await waldo.durableCursor('uploader', { hold: true })).commit(2);
  await waldo.durableCursor('web');
  await waldo.close();
  return ring;
}

test('cursors lists positions, lags and holds, for people and as JSON', async (t) => {
  const ring = await ringWithCursors(t);
  const { code, stdout } = await cli(['cursors', ring]);
  assert.equal(code, 0);
  assert.match(stdout.toString(), /^uploader +2 +1 +holds pages$/m);
  assert.match(stdout.toString(), /^web +0 +3$/m);
  const json = await cli(['cursors', ring, '--json']);
  assert.deepEqual(
    json.stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { name: 'uploader', position: 2, lag: 1, hold: true, damaged: false },
      { name: 'web', position: 0, lag: 3, hold: false, damaged: false },
    ],
  );
});

test('cursors delete deletes one, and says if there is none', async (t) => {
  const ring = await ringWithCursors(t);
  const deleted = await cli(['cursors', ring, 'delete', 'uploader']);
  assert.deepEqual([deleted.code, deleted.stderr], [0, 'waldo: deleted cursor uploader\n']);
  const again = await cli(['cursors', ring, 'delete', 'uploader']);
  assert.deepEqual([again.code, again.stderr], [1, 'waldo: there is no cursor uploader\n']);
  assert.match((await cli(['info', ring])).stdout.toString(), /^web +0 +3$/m);
});

test('anything else than delete NAME is wrong usage', async (t) => {
  const ring = await ringWithCursors(t);
  for (const args of [['remove', 'web'], ['delete']]) {
    const { code, stderr } = await cli(['cursors', ring, ...args]);
    assert.equal(code, 2);
    assert.match(stderr, /expected nothing or "delete NAME" after the directory/);
  }
});
