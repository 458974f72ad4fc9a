import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cli, type CliResult, cli, ringDirectory } from '../support/cli.js';
import { type S3Server, startS3 } from './support/s3-server.js';

let server: S3Server;
before(async () => {
  server = await startS3();
});
after(() => server?.stop());

/** Leaves out what the SDK says about the version of Node.js. */
function messagesOf({ stderr }: CliResult): string {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('waldo:'))
    .join('\n');
}

test('a ring goes to S3 and comes back byte for byte, across a crash of the server', async (t) => {
  const ring = ringDirectory(t);
  const input = Array.from({ length: 20_000 }, (_, n) => `${n} ${'x'.repeat((n * 7) % 150)}\n`).join('');
  await cli(['append', ring], input);
  const upload = new Cli(['upload', ring, '--to', server.url, '--watch', '--json', '--flush-size', '32KiB']);
  const consume = new Cli(['consume', server.url, '--follow', '--count', '40000']);
  await consume.until(({ stdout }) => stdout.length > 0);
  await server.kill();
  await cli(['append', ring], input);
  await upload.until(({ stderr }) => stderr.includes('; trying again\n'));
  await server.restart();
  const consumed = await consume.ended;
  assert.equal(consumed.code, 0, consumed.stderr);
  assert.equal(consumed.stdout.toString(), input + input);
  upload.child.kill('SIGTERM');
  const uploaded = await upload.ended;
  assert.equal(uploaded.code, 143);
  assert.match(messagesOf(uploaded), /^waldo: s3:\/\/.*; trying again/);
  const { logs, lag, retries } = JSON.parse(uploaded.stdout.toString());
  assert.deepEqual([logs, lag], [40_000, 0]);
  assert(retries > 0);

  const acked = await cli(['consume', server.url, '--ack']);
  assert.equal(acked.stdout.toString(), input + input);
  const { stdout, code } = await cli(['gc', server.url, '--grace-period', '0s', '--json']);
  const { examined, deleted } = JSON.parse(stdout.toString());
  assert.deepEqual([code, deleted], [0, examined]);
  assert(deleted > 0);
});
