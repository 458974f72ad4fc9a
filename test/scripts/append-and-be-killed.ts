// append-and-be-killed DIR: appends the batches that stdin has as JSON, each a commit, and ends by SIGKILL once all are
// acknowledged.
import { readFileSync } from 'node:fs';
import { type LogBatch, Waldo, type WaldoOptions } from '../../src/index.js';

const { options, batches } = JSON.parse(readFileSync(0, 'utf8')) as {
  options: WaldoOptions;
  batches: readonly LogBatch[];
};
const waldo = await Waldo.open(process.argv[2]!, options);
for (const batch of batches) waldo.appendSync(batch);
process.kill(process.pid, 'SIGKILL');
