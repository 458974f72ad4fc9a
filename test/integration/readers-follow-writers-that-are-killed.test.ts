import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Script } from './support/script.js';
import { SMALL, Workspace } from './support/workspace.js';

/** `WALDO_FOLLOW_SCALE=4` for 16 readers and 48 writers. */
const SCALE = Number(process.env.WALDO_FOLLOW_SCALE ?? 1);
const READERS = 4 * SCALE;
const WRITERS = 12 * SCALE;

/** The last line of a kind that a reader has said, as numbers. */
function last(reader: Script, kind: string): number[] | undefined {
  return reader.lines
    .findLast((line) => line.startsWith(`${kind} `))
    ?.split(' ')
    .slice(1)
    .map(Number);
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert(tries < 3000, what);
    await sleep(10);
  }
}

function assertGoingOn(readers: readonly Script[]): void {
  for (const reader of readers) {
    const failed = reader.lines.find((line) => line.startsWith('failed'));
    assert.equal(failed, undefined);
    assert.equal(reader.child.exitCode, null, 'a reader has ended');
  }
}

test('each reader gets each log once, in order, or is told what is gone', { timeout: 600_000 }, async (t) => {
  const space = new Workspace(t);
  await (await space.open(SMALL)).close();
  const readers = Array.from(
    { length: READERS },
    (_, i) => new Script('tail-until-killed', [space.ring, String(i % 4 === 3)]),
  );
  let durable = 0;
  let kills = 0;
  while (kills < WRITERS) {
    const writer = new Script('append-numbered', [space.ring]);
    await writer.expectLine();
    await sleep(randomInt(300));
    // One that is stopped delays nobody; one that is killed neither.
    if (kills % 4 === 1) readers[0]!.child.kill('SIGSTOP');
    if (kills % 4 === 2) readers[0]!.child.kill('SIGCONT');
    if (kills === 5) {
      await readers[1]!.kill();
      readers[1] = new Script('tail-until-killed', [space.ring, 'false']);
    }
    const { stderr } = await writer.kill();
    assert.equal(stderr, '');
    durable = Math.max(durable, Number(writer.lines.at(-1)));
    kills++;
    assertGoingOn(readers);
  }
  const waldo = await space.open({});
  assert(waldo.prevSeqNo! >= durable);
  const tip = waldo.prevSeqNo!;
  readers[0]!.child.kill('SIGCONT');
  for (const reader of readers) await until(`all get to ${tip}`, () => (last(reader, 'at')?.[0] ?? 0) >= tip);
  assertGoingOn(readers);
  const { pages } = waldo.metadata();
  t.diagnostic(
    `${tip} logs, page ${pages.at(-1)!.page}, ${READERS} readers: ${readers.map((r) => last(r, 'at')![1])} seen`,
  );
  await Promise.all(readers.map((reader) => reader.kill()));
});
