import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RawLoop, RawResult } from '../../bench/raw.js';
import { nodeLoops } from '../../bench/raw-node.js';
import { benchDirectory } from './support/bench.js';

const KIB = 1024;

/** Four blocks of 4 KiB, buffered. */
function loopOver(paths: string[], how: Partial<RawLoop> = {}): RawLoop {
  const size = { offset: 0, fileBytes: 16 * KIB, blockBytes: 4 * KIB, memoryBytes: 4 * KIB };
  const end = { maxCalls: 100, seconds: 60 };
  return { paths, layout: 'growing', ...size, ...end, direct: false, dsync: true, random: false, ...how };
}

function checkResult(result: RawResult, calls: number): void {
  const { seconds, bytesPerSecond, min, p50, p99, p999, max } = result;
  assert.deepEqual(Object.keys(result).sort(), [
    'bytesPerSecond',
    'calls',
    'max',
    'min',
    'p50',
    'p99',
    'p999',
    'seconds',
  ]);
  assert.equal(result.calls, calls);
  assert.equal(bytesPerSecond, (calls * 4 * KIB) / seconds);
  assert.ok(0 < min && min <= p50 && p50 <= p99 && p99 <= p999 && p999 <= max);
}

for (const direct of [false, true]) {
  const how = direct ? 'direct' : 'buffered';
  // Not every system has it.
  const skip = !nodeLoops.canWrite({ layout: 'filled', direct, dsync: true });

  test(`a growing file is written once from its start to its end, ${how}`, { skip }, async (t) => {
    const path = join(benchDirectory(t), 'growing');
    checkResult(await nodeLoops.writeLoop(loopOver([path], { direct })), 4);
    const written = readFileSync(path);
    assert.equal(written.length, 16 * KIB);
    for (let i = 0; i < 4; i++)
      assert.ok(written.subarray(i * 4 * KIB, (i + 1) * 4 * KIB).some((byte) => byte !== 0));
  });

  test(`a filled file is filled once, and gone over again and again, ${how}`, { skip }, async (t) => {
    const path = join(benchDirectory(t), 'filled');
    const loop = loopOver([path], { layout: 'filled', direct });
    checkResult(await nodeLoops.writeLoop({ ...loop, maxCalls: 1 }), 1);
    assert.ok(
      readFileSync(path)
        .subarray(4 * KIB)
        .every((byte) => byte === 0),
    );
    checkResult(await nodeLoops.writeLoop(loop), 100);
    assert.equal(statSync(path).size, 16 * KIB);
    if (nodeLoops.canRead({ direct })) checkResult(await nodeLoops.readLoop({ ...loop, random: true }), 100);
  });

  test(`files measured as they are hold afterwards what they held, ${how}`, { skip }, async (t) => {
    const directory = benchDirectory(t);
    const paths = ['first', 'second'].map((name) => join(directory, name));
    const held = paths.map((_, i) => Buffer.alloc(24 * KIB, i + 1));
    for (const [i, path] of paths.entries()) writeFileSync(path, held[i]!);
    const loop = loopOver(paths, { layout: 'as it is', offset: 4 * KIB, direct });
    checkResult(await nodeLoops.writeLoop(loop), 100);
    assert.deepEqual(
      paths.map((path) => readFileSync(path)),
      held,
    );
  });
}

test('blocks of 2 MiB are written from a slab, of whose ring nothing is left', async (t) => {
  const directory = benchDirectory(t);
  const blockBytes = 2 ** 21;
  const loop = loopOver([join(directory, 'large')], {
    blockBytes,
    memoryBytes: blockBytes,
    fileBytes: 2 * blockBytes,
  });
  assert.equal((await nodeLoops.writeLoop(loop)).calls, 2);
  assert.equal(statSync(join(directory, 'large')).size, 2 * blockBytes);
  assert.deepEqual(readdirSync(directory), ['large']);
});

test('there are no fallocated files, and no reads from memory', () => {
  assert.equal(nodeLoops.canWrite({ layout: 'fallocated', direct: false, dsync: false }), false);
  assert.equal(nodeLoops.canRead({ direct: false }), false);
});
