// tail-until-killed DIR DIRECT: follows a ring that others write, from its oldest log on; checks that every log is what
// it must be and comes once, in order. Says how far it has got every 100 ms, and what was trimmed.
import { writeSync } from 'node:fs';
import { Cursor, type Log, Waldo, type WaldoError } from '../../src/index.js';
import { checkLog } from '../integration/support/numbered-logs.js';

const [directory, directIo] = process.argv.slice(2) as [string, string];
const say = (line: string) => writeSync(1, `${line}\n`);

const reader = await Waldo.openReader(directory, directIo === 'true' ? { directIo: true } : {});
let position = 0;
let seen = 0;
say('open');
setInterval(() => say(`at ${position} ${seen}`), 100);

function take(log: Log): void {
  if (log.seqNo !== position + 1 && position !== 0) throw new Error(`${log.seqNo} came after ${position}`);
  checkLog(log);
  position = log.seqNo;
  seen++;
}

let from = Cursor.trim();
for (;;) {
  try {
    for await (const logs of reader.tail(from)) for (const log of logs) take(log);
  } catch (error) {
    const { code, oldestSeqNo } = error as WaldoError;
    if (code !== 'WALDO_TRIMMED' || oldestSeqNo === undefined || oldestSeqNo <= position + 1) {
      say(`failed ${position} ${(error as Error).stack?.replaceAll('\n', ' ')}`);
      process.exit(1);
    }
    say(`trimmed ${position} ${oldestSeqNo}`);
    position = oldestSeqNo - 1;
    from = Cursor.from(oldestSeqNo);
  }
}
