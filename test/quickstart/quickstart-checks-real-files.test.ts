import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Cli, type CliResult, ringDirectory } from '../support/cli.js';

const MAIN = fileURLToPath(new URL('../../quickstart/main.js', import.meta.url));
const SMALL = ['--readers', '25', '--ring-size', '3', '--file-capacity', '256KiB'];

function quickstart(directory: string, ...args: string[]): Promise<CliResult> {
  return new Cli(args, MAIN, { ...process.env, TMPDIR: directory }).ended;
}

function file(t: TestContext, contents: string | Buffer): { path: string; temporary: string } {
  const directory = dirname(ringDirectory(t));
  const path = join(directory, 'input.log');
  const temporary = join(directory, 'tmp');
  mkdirSync(temporary);
  writeFileSync(path, contents);
  return { path, temporary };
}

test('every line reaches every reader, the ring wraps, reopens, and nothing is left behind', async (t) => {
  const lines = Array.from(
    { length: 3000 },
    (_, n) => `${n} ${'x'.repeat(n % 100)}${n % 3 === 0 ? '\r' : ''}`,
  );
  const { path, temporary } = file(t, `${lines.join('\n')}\n\n\0\xff`);
  const { code, stdout, stderr } = await quickstart(temporary, path, ...SMALL);
  assert.equal(code, 0, stderr);
  const appended = Number(/appended +([\d,]+) logs/.exec(stdout.toString())?.[1]?.replaceAll(',', ''));
  assert.ok(appended >= 3002);
  assert.match(
    stdout.toString(),
    new RegExp(`delivered +${(appended * 25).toLocaleString('en-US')} logs, to 25 readers`),
  );
  assert.match(stdout.toString(), /wrapped +[1-9]/);
  assert.match(stdout.toString(), /verified +3 pages/);
  assert.deepEqual(readdirSync(temporary), []);
});

test('without files it finds some on the machine', async (t) => {
  const { temporary } = file(t, '');
  const { code, stdout, stderr } = await quickstart(temporary, ...SMALL, '--max-bytes', '64KiB');
  assert.equal(code, 0, stderr);
  assert.match(stdout.toString(), /input +[\d,]+ lines, .* from [\d,]+ files?: (log|text) files/);
});

test('a ring in a directory of its own is kept and continued', async (t) => {
  const { path, temporary } = file(t, 'one\ntwo\n');
  const ring = join(temporary, 'ring');
  for (const run of [1, 2]) {
    const { code, stderr } = await quickstart(temporary, path, ...SMALL, '--dir', ring);
    assert.equal(code, 0, `run ${run}: ${stderr}`);
  }
  assert.deepEqual(readdirSync(temporary), ['ring']);
});

for (const [name, contents, message] of [
  ['no lines', '', /^quickstart failed: the input has no lines$/m],
  [
    'a line too long for a log',
    `one\n${'x'.repeat(2 ** 18)}\n`,
    /^quickstart failed: line 2 of the input is too long/m,
  ],
] as const) {
  test(`an input with ${name} fails loudly and leaves nothing behind`, async (t) => {
    const { path, temporary } = file(t, contents);
    const { code, stdout, stderr } = await quickstart(temporary, path, ...SMALL);
    assert.deepEqual([code, stdout.length], [1, 0]);
    assert.match(stderr, message);
    assert.deepEqual(readdirSync(temporary), []);
  });
}

test('SIGINT ends it and leaves nothing behind', async (t) => {
  const { path, temporary } = file(t, 'one\ntwo\n');
  const running = new Cli([path, ...SMALL, '--laps', '1000000'], MAIN, { ...process.env, TMPDIR: temporary });
  await running.until(({ stderr }) => stderr.includes('delivered'));
  running.child.kill('SIGINT');
  const { code, stderr } = await running.ended;
  assert.equal(code, 1);
  assert.match(stderr, /^quickstart failed: interrupted$/m);
  assert.deepEqual(readdirSync(temporary), []);
});
