// follow-with-many-tails DIR TAILS COMMITS: appends while tails follow, and checks what each has seen.
import assert from 'node:assert/strict';
import { Cursor, type LogStream, Waldo } from '../../src/index.js';
import { SMALL } from '../integration/support/workspace.js';

const LOGS = 3;

/** What one tail has seen. */
interface Seen {
  logs: number;
  sum: number;
  ordered: boolean;
}

async function follow(stream: LogStream, last: number): Promise<Seen> {
  const seen = { logs: 0, sum: 0, ordered: true };
  let expected = 0;
  for await (const logs of stream) {
    logs.scan((seqNo, bytes, start, end, prevSeqNo) => {
      seen.ordered &&= prevSeqNo === expected && seqNo === expected + 1;
      expected = seqNo;
      seen.logs++;
      for (let i = start; i < end; i++) seen.sum += bytes[i]!;
    });
    if (expected === last) return seen;
  }
  throw new Error(`a tail ended after ${expected}`);
}

const [directory, tails, commits] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];
const waldo = await Waldo.open(directory, { ...SMALL, ringSize: 4 });
const last = commits * LOGS;
const following = Array.from({ length: tails }, () => follow(waldo.tail(Cursor.trim()), last));
let sum = 0;
for (let i = 0; i < commits; i++) {
  const batch = Array.from({ length: LOGS }, (_, j) => Buffer.alloc((i + j) % 16, (i * LOGS + j) % 256));
  for (const payload of batch) for (const byte of payload) sum += byte;
  await waldo.append(batch);
}
let right = 0;
for (const seen of await Promise.all(following)) {
  assert.deepEqual(seen, { logs: last, sum, ordered: true });
  right++;
}
assert(waldo.metadata().commits >= commits);
await waldo.close();
console.log(right);
