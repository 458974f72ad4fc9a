// append-until-killed DIR RUN DIRECT: several callers append batches for ever; prints each acknowledgement.
import { writeSync } from 'node:fs';
import { Waldo } from '../../src/index.js';
import { batchOf, CALLERS } from '../integration/support/kill-batches.js';
import { SMALL } from '../integration/support/workspace.js';

const [directory, run, directIo] = process.argv.slice(2) as [string, string, string];

// Written at once, so that what was said before the kill was said.
const say = (line: string) => writeSync(1, `${line}\n`);

say('opening');
const waldo = await Waldo.open(directory, { ...SMALL, directIo: directIo === 'auto' ? 'auto' : false });
say('open');

async function call(caller: number): Promise<void> {
  for (let batch = 0; ; batch++) {
    const logs = batchOf({ run: Number(run), caller, batch });
    // One caller in four blocks, as an exit hook would.
    const last = caller % 4 === 3 && batch % 8 === 0 ? waldo.appendSync(logs) : await waldo.append(logs);
    say(`${last} ${caller} ${batch}`);
  }
}
for (let caller = 0; caller < CALLERS; caller++) call(caller);
