import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../../src/index.js';
import { entriesAfter } from './support/logs.js';
import { Script, type ScriptResult } from './support/script.js';
import { Workspace } from './support/workspace.js';

/** Runs a script to its end, which comes by itself, and checks that the ring has all that it was told. */
async function assertKept(
  space: Workspace,
  name: string,
  args: readonly string[] = [],
): Promise<ScriptResult & { acknowledged: number; texts: string[] }> {
  const script = new Script(name, [space.ring, ...args]);
  const result = await script.ended;
  const acknowledged = Math.max(...script.lines.map(Number));
  const waldo = await space.open();
  assert.deepEqual((await waldo.verify()).problems, []);
  assert(
    waldo.prevSeqNo! >= acknowledged,
    `${acknowledged} was acknowledged; ${waldo.prevSeqNo} is the last there`,
  );
  const entries = await entriesAfter(waldo, Cursor.trim());
  await waldo.close();
  return { ...result, acknowledged, texts: entries.map((entry) => entry.data.toString()) };
}

test('a process that does not close its ring ends by itself, when what it appended is durable', async (t) => {
  const { code, signal, stderr, acknowledged, texts } = await assertKept(
    new Workspace(t),
    'finish-without-closing',
  );
  assert.deepEqual([code, signal, stderr], [0, null, '']);
  assert.equal(acknowledged, 60);
  assert.deepEqual(
    texts,
    Array.from({ length: 60 }, (_, i) => `log ${i}`),
  );
});

for (const [how, code, signal] of [
  ['exit', 7, null],
  ['exit twice', 7, null],
  ['throw', 1, null],
  ['close and exit', 7, null],
  ['SIGTERM', null, 'SIGTERM'],
  ['SIGKILL', null, 'SIGKILL'],
] as const) {
  test(`a process that ends with appends in flight: ${how}`, async (t) => {
    const space = new Workspace(t);
    for (let cycle = 0; cycle < 3; cycle++) {
      const result = await assertKept(space, 'exit-while-appending', [how]);
      assert.deepEqual([result.code, result.signal], [code, signal], result.stderr);
      // Of those in flight some may be there; they are there in order.
      const inFlight = result.texts.filter((text) => text.startsWith('in flight'));
      const numbers = inFlight.map((text) => Number.parseInt(text.slice('in flight '.length), 10));
      assert.deepEqual(
        numbers.slice(1).filter((n, i) => n !== 0 && n !== numbers[i]! + 1),
        [],
      );
      if (code !== null && how !== 'close and exit') assert.equal(result.texts.at(-1), 'from the exit hook');
    }
  });
}
