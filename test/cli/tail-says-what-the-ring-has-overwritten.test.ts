import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Waldo } from '../../src/index.js';
import { Cli, cli, ringDirectory, SMALL_RING } from '../support/cli.js';

/** A ring that has overwritten its first logs. */
async function wrapped(t: Parameters<typeof ringDirectory>[0]): Promise<{ ring: string; oldest: number }> {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], `${'x'.repeat(1000)}\n`.repeat(2000));
  const reader = await Waldo.openReader(ring);
  const { afterSeqNo } = reader.metadata();
  await reader.close();
  return { ring, oldest: afterSeqNo + 1 };
}

test('tail ends with 1 and says how many logs are lost', async (t) => {
  const { ring, oldest } = await wrapped(t);
  const { code, stdout, stderr } = await cli(['tail', ring, '--after', '9']);
  const lost = oldest - 10;
  assert.equal(
    stderr,
    `waldo: the ring has overwritten logs 10 to ${oldest - 1} (${lost.toLocaleString('en-US')} logs lost); ` +
      `the oldest is ${oldest}\n`,
  );
  assert.deepEqual([code, stdout.toString()], [1, '']);
});

test('tail --skip-trimmed says so, and goes on with the oldest', async (t) => {
  const { ring, oldest } = await wrapped(t);
  const tail = new Cli(['tail', ring, '--after', '9', '--skip-trimmed', '--count', '2', '--format', '%o ']);
  const { code, stdout, stderr } = await tail.ended;
  assert.equal(stdout.toString(), `${oldest} ${oldest + 1} `);
  assert.match(stderr, /^waldo: the ring has overwritten logs 10 to \d+ \(.* logs lost\)/);
  assert.equal(code, 0);
});
