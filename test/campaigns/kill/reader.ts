// reader DIR: tails a ring, says the last log of every chunk: saw LAST RUN CALLER BATCH. Goes on where it was trimmed.
import { writeSync } from 'node:fs';
import { Cursor, Waldo, type WaldoError } from '../../../src/index.js';
import { LINES_FD } from './child.js';

const reader = await Waldo.openReader(process.argv[2]!);
// A tail that waits does not keep a process alive.
setInterval(() => {}, 1000);
let position = 0;
for (let from = Cursor.trim(); ; ) {
  try {
    for await (const logs of reader.tail(from)) {
      let text = '';
      for (const log of logs) {
        if (log.prevSeqNo !== position && position !== 0)
          throw new Error(`${log.seqNo} came after ${position}`);
        position = log.seqNo;
        text = log.text();
      }
      writeSync(LINES_FD, `saw ${position} ${text.split(' ', 3).join(' ')}\n`);
    }
  } catch (error) {
    const { code, oldestSeqNo } = error as WaldoError;
    if (code !== 'WALDO_TRIMMED' || oldestSeqNo === undefined || oldestSeqNo <= position + 1) throw error;
    position = oldestSeqNo - 1;
    from = Cursor.from(oldestSeqNo);
  }
}
