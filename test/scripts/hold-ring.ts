// hold-ring DIR: opens the ring, as the main thread of a process or as a worker, and closes it when told to.
import { once } from 'node:events';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Waldo } from '../../src/index.js';
import { SMALL } from '../integration/support/workspace.js';

const directory = isMainThread ? process.argv[2] : workerData;
const waldo = await Waldo.open(directory as string, SMALL);
await waldo.append(['held']);
if (isMainThread) {
  console.log('open');
  await once(process.stdin, 'data');
} else {
  parentPort!.postMessage('open');
  await once(parentPort!, 'message');
}
await waldo.close();
if (isMainThread) {
  console.log('closed');
  process.stdin.destroy();
} else {
  parentPort!.close();
}
