import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declared, examples, read, run, section } from './support/pages.js';

const readme = read('README.md');

test('the example of the README runs as it stands', async () => {
  const [example] = examples(section(readme, '## Example'));
  // `await using` is closed by hand where Node.js does not know it.
  const program = example!.replace('await using', 'const').concat('await waldo.close();');
  assert.deepEqual(await run(program), [
    '1 a string',
    '2 or bytes',
    '3 {"any":"thing"}',
    '13 numbers may have gaps',
    '5 logs, the newest is 14',
  ]);
});

test('the example of object storage in the README runs as it stands', async () => {
  const [example] = examples(section(readme, '## Object storage'));
  assert.deepEqual(await run(example!), ['1 durable here first', '2 then there']);
});

test('the options of the README are the options there are', () => {
  const table = section(readme, '## Options');
  const documented = [...table.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]);
  const options = [...declared('src/options.ts', 'WaldoOptions').keys()];
  assert.deepEqual([...documented].sort(), [...options].sort());
});

test('the error codes of the README are the codes there are', () => {
  const codes = (text: string) => [...new Set(text.match(/WALDO_[A-Z_]+/g))].sort();
  const list = section(readme, '## Options').split('Errors are')[1]!;
  const type = read('src/errors.ts').split('export type WaldoErrorCode =')[1]!.split(';')[0]!;
  assert.deepEqual(codes(list), codes(type));
});
