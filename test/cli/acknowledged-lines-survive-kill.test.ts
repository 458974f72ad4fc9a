import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory, SMALL_RING } from '../support/cli.js';

const KILLS = 8;
const LINES_A_WRITE = 40;

/** Log n holds line n: its number, and a tail whose length differs from line to line. */
const line = (n: number) => `${n} ${'x'.repeat((n * 7) % 90)}`;

/** Feeds line after line, as fast as they are taken, until the command is gone. */
function feed({ child }: Cli, next: number): void {
  const more = () => {
    let text = '';
    for (const end = next + LINES_A_WRITE; next < end; next++) text += `${line(next)}\n`;
    if (child.exitCode === null && child.signalCode === null)
      child.stdin.write(text, (error) => error ?? more());
  };
  more();
}

test('after SIGKILL every line that append --ack acknowledged is there, in order', async (t) => {
  const ring = ringDirectory(t);
  let last = 0;
  for (let kill = 1; kill <= KILLS; kill++) {
    const append = new Cli(['append', ring, ...SMALL_RING, '--ack']);
    feed(append, last + 1);
    await append.until(({ stdout }) => stdout.toString().split('\n').length > 5 * kill);
    append.child.kill('SIGKILL');
    const { signal, stdout } = await append.ended;
    assert.equal(signal, 'SIGKILL');

    const verified = await cli(['verify', ring]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    const printed = await cli(['cat', ring, '--json']);
    const logs = printed.stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    logs.forEach((log, index) => {
      assert.deepEqual(log, {
        seqNo: logs[0].seqNo + index,
        prevSeqNo: log.seqNo - 1,
        data: line(log.seqNo),
      });
    });
    // What follows the last newline may be cut off by the kill.
    const acknowledged = Number(stdout.toString().split('\n').at(-2));
    last = logs.at(-1).seqNo;
    assert.ok(last >= acknowledged, `log ${acknowledged} was acknowledged; ${last} is the last there`);
  }
});
