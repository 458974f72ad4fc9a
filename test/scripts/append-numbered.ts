// append-numbered DIR: appends numbered logs for ever, in batches; says each number that is durable.
import { writeSync } from 'node:fs';
import { Waldo } from '../../src/index.js';
import { numberedLog } from '../integration/support/numbered-logs.js';
import { SMALL } from '../integration/support/workspace.js';

const waldo = await Waldo.open(process.argv[2]!, SMALL);
for (let next = (waldo.prevSeqNo ?? 0) + 1; ; ) {
  const batch = Array.from({ length: 1 + (next % 7) }, (_, i) => numberedLog(next + i));
  next = (await waldo.append(batch)) + 1;
  writeSync(1, `${next - 1}\n`);
  if (next % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
