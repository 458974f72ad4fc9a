import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, ringDirectory, SMALL_RING } from '../support/cli.js';

async function summary(args: string[], input: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await cli(['append', ...args, '--json'], input);
  assert.equal(code, 0, stderr);
  const { seconds, ...rest } = JSON.parse(stdout.toString());
  assert.equal(typeof seconds, 'number');
  return rest;
}

test('append --json counts logs and payload bytes, and names the first and the last log', async (t) => {
  const ring = ringDirectory(t);
  assert.deepEqual(await summary([ring, ...SMALL_RING], 'one\r\n\nthree'), {
    appended: 3,
    bytes: 9,
    firstSeqNo: 1,
    lastSeqNo: 3,
  });
  assert.deepEqual(await summary([ring], 'four\n'), { appended: 1, bytes: 4, firstSeqNo: 4, lastSeqNo: 4 });
});

test('append --json of no input has no numbers', async (t) => {
  const ring = ringDirectory(t);
  assert.deepEqual(await summary([ring, ...SMALL_RING], ''), {
    appended: 0,
    bytes: 0,
    firstSeqNo: null,
    lastSeqNo: null,
  });
});
