import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('the example of the README runs as it stands', async (t) => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const example = readme.split('```js\n')[1]!.split('```')[0]!;
  const home = mkdtempSync(join(tmpdir(), 'waldo-readme-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  // The package by its name is resolved from here; `await using` is closed by hand where Node.js does not know it.
  const library = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
  const program = example
    .replace("from 'waldo'", `from ${library}`)
    .replace('await using', 'const')
    .concat('await waldo.close();');
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: home,
  });
  const expected = [
    '1 a string',
    '2 or bytes',
    '3 {"any":"thing"}',
    '13 numbers may have gaps',
    '5 logs, the newest is 14',
  ];
  assert.deepEqual(stdout.trim().split('\n'), expected);
});

test('the options of the README are the options there are, with their defaults', async () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const table = readme.split('## Options')[1]!.split('## ')[0]!;
  const documented = [...table.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]);
  const source = readFileSync(fileURLToPath(new URL('../../../src/options.ts', import.meta.url)), 'utf8');
  const reference = source.split('export interface WaldoOptions {')[1]!.split('\n}')[0]!;
  const declared = [...reference.matchAll(/^ {2}readonly (\w+)\?:/gm)].map((match) => match[1]);
  assert.deepEqual([...documented].sort(), [...declared].sort());
});
