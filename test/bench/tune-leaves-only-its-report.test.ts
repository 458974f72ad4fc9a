import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Waldo } from 'waldo';
import type { Candidate, TuneResult } from '../../bench/tune/result.js';
import { startTune, tuneDirectory } from './tune-support.js';

const QUICK = [
  '--time',
  '4s',
  '--max-disk',
  '64MiB',
  '--payload',
  '100',
  '--callers',
  '10',
  '--readers',
  '2',
];

test('a run writes the report and its JSON, says what it recommends and why, and leaves nothing else', async (t) => {
  const { dir, out } = tuneDirectory(t);
  const { code, stdout, stderr } = await startTune([dir, ...QUICK, '--out', out]).ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(readdirSync(dir), []);
  assert.deepEqual(readdirSync(dirname(out)).toSorted(), ['disk', 'report.html', 'report.json']);
  assert.match(readFileSync(out, 'utf8'), /^<!doctype html>[\s\S]*<\/html>\n$/);

  const result = JSON.parse(readFileSync(out.replace('.html', '.json'), 'utf8')) as TuneResult;
  checkShape(result);
  assert.equal(result.disk.directory, dir);
  await using waldo = await Waldo.open(join(dir, 'ring'), result.recommended);
  await waldo.append(['one']);

  const text = stdout.toString();
  assert.match(
    text,
    /^Workload: one log of 100 B an append, 10 concurrent callers, and 2 tailing readers\.\n/,
  );
  assert.ok(text.includes(`await Waldo.open(${JSON.stringify(dir)}`));
  for (const { reason } of Object.values(result.reasons)) assert.ok(text.includes(reason));
  assert.ok(text.includes(`Written: ${out}\n`));
  // What was left out or fell back is said while it happens.
  for (const note of result.notes) assert.ok(stderr.includes(`waldo: ${note}\n`), note);
});

test('with --json standard output is the JSON of the report, in one line', async (t) => {
  const { dir, out } = tuneDirectory(t);
  const { code, stdout, stderr } = await startTune([dir, ...QUICK, '--out', out, '--json']).ended;
  assert.equal(code, 0, stderr);
  assert.match(stdout.toString(), /^.*\n$/);
  const written = readFileSync(out.replace('.html', '.json'), 'utf8');
  assert.deepEqual(JSON.parse(stdout.toString()), JSON.parse(written));
});

function checkShape(result: TuneResult): void {
  const { version, date, waldo, node, platform, cpu, memory, disk, workload, time, maxDisk } = result;
  assert.equal(version, 1);
  assert.equal(new Date(date).toISOString(), date);
  for (const text of [waldo, node, platform, cpu, disk.filesystem]) assert.ok(text.length > 0);
  for (const size of [memory, disk.freeBytes, time.taken]) assert.ok(size > 0);
  assert.deepEqual(workload, { payload: 100, logs: 1, callers: 10, readers: 2 });
  assert.deepEqual([time.asked, maxDisk], [4, 64 * 2 ** 20]);
  assert.ok(result.stages.length > 0);
  for (const { name, title, candidates, duels } of result.stages) {
    assert.ok(title.length > 0 && Array.isArray(duels));
    assert.ok(candidates.length > 0, name);
    for (const one of candidates) checkCandidate(one);
  }
  assert.deepEqual(Object.keys(result.reasons), [
    'directIo',
    'alignment',
    'bufCapacity',
    'ringSize',
    'fileCapacity',
    'indexSparseBytes',
    'indexSparseCount',
    'poolSize',
    'queueDepth',
    'cacheBytes',
  ]);
  for (const [name, { value, isDefault, reason }] of Object.entries(result.reasons)) {
    assert.ok(reason.endsWith('.'), reason);
    assert.equal(isDefault, !(name in result.recommended), name);
    if (!isDefault) assert.equal(result.recommended[name as 'ringSize'], value);
  }
}

function checkCandidate({ name, median, min, max, rounds }: Candidate): void {
  assert.ok(rounds >= 1);
  for (const [metric, value] of Object.entries(median)) {
    const range = [min[metric]!, value!, max[metric]!];
    assert.ok(range.every(Number.isFinite), `${name}: ${metric} ${range}`);
    assert.deepEqual(
      range,
      range.toSorted((a, b) => a - b),
    );
  }
}
