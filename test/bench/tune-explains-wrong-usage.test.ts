import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTune, tuneDirectory } from './tune-support.js';

const MISTAKES: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [['--time', '0'], /--time <duration>' argument '0' is invalid.*more than 0 and at most 24h/],
  [['--time', '25h'], /--time <duration>' argument '25h' is invalid.*at most 24h/],
  [['--time', 'soon'], /--time <duration>' argument 'soon' is invalid/],
  [['--payload', '1048577'], /--payload must be from 0 to 1048576; it is 1048577/],
  [['--payload', '-1'], /--payload <size>' argument '-1' is invalid/],
  [['--batch', '500'], /--batch 500 is less than one log: it must be at least --payload 1000/],
  [['--batch', '65MiB'], /--batch must be from 1 to 67108864; it is 68157440/],
  [['--batch', '2MB', '--payload', '1'], /--batch 2000000 holds 2000000 logs .*; at most 1000000 logs/],
  [['--callers', '0'], /--callers must be from 1 to 100000; it is 0/],
  [['--callers', '100001'], /--callers must be from 1 to 100000; it is 100001/],
  [['--callers', '100000', '--payload', '1MiB'], /--callers 100000 append 97\.\d GiB at once; at most 1 GiB/],
  [['--readers', '100001'], /--readers must be from 0 to 100000; it is 100001/],
  [['--max-disk', '15MiB'], /--max-disk must be at least 16 MiB; it is 15 MiB/],
  [['--max-disk', 'little'], /--max-disk <size>' argument 'little' is invalid/],
  [['--out', 'report.txt'], /--out <file\.html>' argument 'report\.txt' is invalid.*ends in \.html/],
  [['--fast'], /unknown option '--fast'/],
  [['elsewhere'], /too many arguments/],
];

for (const [args, message] of MISTAKES) {
  test(`tune DIR ${args.join(' ')} is explained, and nothing is run`, async (t) => {
    const { dir, out } = tuneDirectory(t);
    const { code, stdout, stderr } = await startTune([dir, '--out', out, ...args]).ended;
    assert.deepEqual([code, stdout.length], [2, 0], stderr);
    assert.match(stderr, /^waldo: /);
    assert.match(stderr, message);
    assert.match(stderr, /Try "waldo tune --help"\.\n$/);
    assert.deepEqual([readdirSync(dir), existsSync(out)], [[], false]);
  });
}

test('no directory at all is wrong usage', async () => {
  const { code, stderr } = await startTune([]).ended;
  assert.equal(code, 2);
  assert.match(stderr, /missing required argument 'dir'/);
});

test('what is no directory is named', async (t) => {
  const { dir, out } = tuneDirectory(t);
  const file = join(dir, 'file');
  writeFileSync(file, '');
  for (const path of [file, join(dir, 'missing'), join(file, 'below')]) {
    const { code, stdout, stderr } = await startTune([path, '--out', out]).ended;
    assert.deepEqual([code, stdout.length], [1, 0]);
    assert.equal(stderr, `waldo: ${path} is not a directory\n`);
  }
});

test('a directory that nothing can be written to is named', async (t) => {
  const { out } = tuneDirectory(t);
  const { code, stderr } = await startTune(['/proc', '--max-disk', '16MiB', '--out', out]).ended;
  assert.equal(code, 1);
  assert.match(stderr, /^waldo: .*\/proc.*\n$/);
});

test('a disk without that much room is named, with what is free', async (t) => {
  const { dir, out } = tuneDirectory(t);
  const { code, stderr } = await startTune([dir, '--max-disk', '1000TiB', '--out', out]).ended;
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^waldo: 1000 TiB for rings and .* do not fit the disk of .*: .* are free; use a lower --max-disk\n$/,
  );
  assert.deepEqual([readdirSync(dir), existsSync(out)], [[], false]);
});
