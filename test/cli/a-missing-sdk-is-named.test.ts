import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Cli } from '../support/cli.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The package as it is where nobody has installed an object store's SDK. */
function installWithoutSdks(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'waldo-cli-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  cpSync(join(ROOT, 'dist/src'), join(directory, 'dist/src'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  mkdirSync(join(directory, 'node_modules/@mongodb-js'), { recursive: true });
  for (const name of ['commander', 'ulid', '@mongodb-js/zstd']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name));
  }
  return join(directory, 'dist/src/cli/main.js');
}

test('a store whose SDK is not installed says what to install', async (t) => {
  const main = installWithoutSdks(t);
  const command = new Cli(['consume', 's3://bucket/logs?region=us-east-1'], main);
  const { code, stderr } = await command.ended;
  assert.equal(code, 1);
  assert.match(stderr, /^waldo: .*npm install @aws-sdk\/client-s3\n$/);
});
