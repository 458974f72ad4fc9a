import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareReport } from '../../bench/tune/report-files.js';
import { MadeUpDisk, startTune, tuneDirectory, tuneMadeUp } from './tune-support.js';

test('a report goes over an earlier one', async (t) => {
  const { out } = tuneDirectory(t);
  const first = await tuneMadeUp(t, new MadeUpDisk());
  const json = out.replace('.html', '.json');
  assert.deepEqual(prepareReport(out, false)(first), [out, json]);
  const second = { ...first, notes: ['the second'] };
  prepareReport(out, false)(second);
  assert.match(readFileSync(out, 'utf8'), /the second/);
  assert.deepEqual(JSON.parse(readFileSync(json, 'utf8')), JSON.parse(JSON.stringify(second)));
});

for (const name of ['report.html', 'report.json']) {
  test(`a ${name} that is something else stays, unless --force is given`, async (t) => {
    const { dir, out } = tuneDirectory(t);
    const other = join(dir, name);
    writeFileSync(other, '{"version":1}');
    const args = [dir, '--time', '1s', '--max-disk', '16MiB', '--out', join(dir, 'report.html')];
    const { code, stderr } = await startTune(args).ended;
    assert.equal(code, 1);
    assert.equal(
      stderr,
      `waldo: ${other} is there already and is no report of waldo tune; use another --out, or --force\n`,
    );
    assert.equal(readFileSync(other, 'utf8'), '{"version":1}');
    assert.throws(() => readFileSync(out));
    const forced = await startTune([...args, '--force']).ended;
    assert.equal(forced.code, 0, forced.stderr);
    assert.notEqual(readFileSync(other, 'utf8'), '{"version":1}');
  });
}

test('a directory in place of a report is named before anything is measured, even with --force', async (t) => {
  const { dir, out } = tuneDirectory(t);
  for (const name of [out, out.replace('.html', '.json')]) {
    mkdirSync(name);
    for (const force of [[], ['--force']]) {
      const { code, stderr } = await startTune([dir, '--time', '1s', '--out', out, ...force]).ended;
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^waldo: the report cannot be written: .*report\.html is not a file; use another --out\n$/,
      );
    }
  }
});

test('a report into a directory that is not there is refused before anything is measured', async (t) => {
  const { dir } = tuneDirectory(t);
  const { code, stderr } = await startTune([dir, '--out', join(dir, 'missing', 'report.html')]).ended;
  assert.equal(code, 1);
  assert.equal(
    stderr,
    `waldo: the report cannot be written: ${join(dir, 'missing')} is not a directory; use another --out\n`,
  );
});
