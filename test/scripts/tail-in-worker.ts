// A worker: follows the ring in workerData.directory to log workerData.last, checks each log, says how many it saw.
import { parentPort, workerData } from 'node:worker_threads';
import { Cursor, Waldo, type WaldoError } from '../../src/index.js';
import { checkLog } from '../integration/support/numbered-logs.js';

const { directory, last } = workerData as { directory: string; last: number };
const reader = await Waldo.openReader(directory);
// A tail that waits does not keep a worker alive.
const alive = setInterval(() => {}, 1000);
let position = 0;
let seen = 0;
parentPort!.postMessage('open');
while (position < last) {
  try {
    for await (const logs of reader.tail(Cursor.after(position))) {
      for (const log of logs) {
        if (log.seqNo !== position + 1) throw new Error(`${log.seqNo} came after ${position}`);
        checkLog(log);
        position = log.seqNo;
        seen++;
      }
      if (position >= last) break;
    }
  } catch (error) {
    const { code, oldestSeqNo } = error as WaldoError;
    if (code !== 'WALDO_TRIMMED') throw error;
    position = oldestSeqNo! - 1;
  }
}
await reader.close();
clearInterval(alive);
parentPort!.postMessage(seen);
