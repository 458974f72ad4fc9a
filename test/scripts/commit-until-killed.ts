// commit-until-killed DIR: appends, and commits durable cursors; says what it asks for and what was acknowledged.
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Waldo } from '../../src/index.js';
import { SMALL } from '../integration/support/workspace.js';

const say = (line: string) => writeSync(1, `${line}\n`);

const waldo = await Waldo.open(process.argv[2]!, { ...SMALL, whenFull: 'wait' });
const cursors = await Promise.all(
  ['a', 'b', 'c'].map((name, i) => waldo.durableCursor(name, { hold: i < 2 })),
);
say('open');

async function append(): Promise<void> {
  for (;;) await waldo.append(Array<Buffer>(3).fill(Buffer.alloc(500)));
}

async function consume(cursor: (typeof cursors)[number]): Promise<void> {
  for (;;) {
    const position = waldo.prevSeqNo ?? 0;
    say(`ask ${cursor.name} ${position}`);
    await cursor.commit(position);
    say(`done ${cursor.name} ${cursor.position}`);
    // A commit that has nothing to write settles at once: without this, nothing would ever be appended.
    await setImmediate();
  }
}

append();
for (const cursor of cursors) consume(cursor);
