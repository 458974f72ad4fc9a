import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cli } from '../support/cli.js';

for (const command of ['append', 'cat', 'tail', 'info', 'verify']) {
  test(`${command} --help prints its usage and examples`, async () => {
    const { code, stdout, stderr } = await cli([command, '--help']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout.toString(), new RegExp(`Usage: waldo ${command} \\[options\\] <dir>`));
    assert.match(stdout.toString(), new RegExp(`Examples:\\n(.*\\n)*.*waldo ${command} \\./ring`));
  });
}

for (const [command, argument] of [
  ['upload', '<dir>'],
  ['consume', '<url>'],
  ['manifest dump', '<file|url>'],
  ['gc', '<url>'],
] as const) {
  test(`${command} --help tells about stores`, async () => {
    const { code, stdout, stderr } = await cli([...command.split(' '), '--help']);
    assert.deepEqual([code, stderr], [0, '']);
    const help = stdout.toString();
    assert(help.includes(`Usage: waldo ${command} [options] ${argument}`), help);
    assert.match(help, new RegExp(`s3://bucket/prefix[\\s\\S]*Examples:\\n.*waldo ${command} `));
  });
}

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  const { code, stdout } = await cli(['--version']);
  assert.deepEqual([code, stdout.toString()], [0, `${version}\n`]);
});
