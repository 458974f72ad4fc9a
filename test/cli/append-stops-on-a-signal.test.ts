import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory, SMALL_RING } from '../support/cli.js';

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} makes append keep the complete lines, report them, and exit with ${status}`, async (t) => {
    const ring = ringDirectory(t);
    const append = new Cli(['append', ring, ...SMALL_RING, '--ack', '--json']);
    append.child.stdin.write('one\ntwo\nhalf a li');
    await append.until(({ stdout }) => stdout.toString() === '2\n');
    append.child.kill(signal);
    const { code, stdout, stderr } = await append.ended;
    assert.deepEqual([code, stderr], [status, '']);
    assert.equal(JSON.parse(stdout.toString().split('\n')[1]!).lastSeqNo, 2);
    const info = await cli(['info', ring, '--json']);
    assert.equal(JSON.parse(info.stdout.toString()).recovery.outcome, 'clean');
    assert.equal((await cli(['cat', ring])).stdout.toString(), 'one\ntwo\n');
  });
}
