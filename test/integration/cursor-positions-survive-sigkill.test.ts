import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { Script } from './support/script.js';
import { SMALL, Workspace } from './support/workspace.js';

const CYCLES = 12;

test('a cursor is never behind what was acknowledged, nor ahead of what was asked for', async (t) => {
  const space = new Workspace(t);
  const acknowledged: Record<string, number> = { a: 0, b: 0, c: 0 };
  const asked: Record<string, number> = { a: 0, b: 0, c: 0 };
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const script = new Script('commit-until-killed', [space.ring]);
    const lines = 1 + randomInt(300);
    for (let i = 0; i < lines; i++) await script.expectLine();
    await script.kill();
    for (const line of script.lines.slice(1)) {
      const [what, name, position] = line.split(' ') as [string, string, string];
      (what === 'ask' ? asked : acknowledged)[name] = Number(position);
    }
    const waldo = await space.open({ ...SMALL, whenFull: 'wait' }, space.ring);
    for (const { name, position, damaged } of waldo.metadata().cursors) {
      assert.equal(damaged, false);
      const range = `${acknowledged[name]} to ${asked[name]}`;
      assert(
        position >= acknowledged[name]! && position <= asked[name]!,
        `${name} is at ${position}: ${range}`,
      );
    }
    for (const name of ['a', 'b']) {
      const cursor = await waldo.durableCursor(name);
      assert.equal(cursor.hold, true);
      // What it holds is there.
      const { value } = await cursor.query().next();
      assert(value === undefined || value.at(0)!.prevSeqNo <= cursor.position);
      await cursor.close();
    }
    await waldo.close();
  }
  assert(
    Object.values(acknowledged).every((position) => position > 0),
    `every cursor was moved: ${JSON.stringify(acknowledged)}`,
  );
});
