// Appends numbered logs without pause, while tails in the same process follow.
import { setTimeout as sleep } from 'node:timers/promises';
import { Cursor, Waldo } from '../../../../src/index.js';
import { Random } from '../../../buffer/campaign/random.js';
import { checkLog, numberedLog } from '../../../integration/support/numbered-logs.js';
import { CACHE_BYTES, LONGEST_PAUSE_MS } from './limits.js';
import { assignment, end, ordered, sampleEvery, say, until } from './member.js';
import { Fleet, Tail } from './tails.js';

/** A tail in so many looks at every byte; as many lag on purpose. */
const CHECKING = 200;
/** Appends under way at most: a ring that is full is waited for. */
const PENDING = 64;
/** Of a writer's tails, how many a second leave their stream and open another: one in so many. */
const REOPENING = 100;

const { ring, ringSize, fileCapacity, rate, appends, tails, seed } = assignment;
const random = new Random(seed, 'writer');

const waldo = await Waldo.open(ring, {
  ringSize,
  fileCapacity,
  bufCapacity: 256 * 1024,
  cacheBytes: CACHE_BYTES,
  whenFull: 'wait',
});
let next = (waldo.prevSeqNo ?? 0) + 1;
let appended = 0;
let pending = 0;
let isPaused = false;

await checkContents();
say({ kind: 'open', at: next - 1 });

const oldest = waldo.metadata().afterSeqNo;
const fleet = new Fleet(
  Array.from(
    { length: tails },
    (_, i) =>
      new Tail(i % 2 === 0 ? oldest : next - 1, {
        checks: i % CHECKING === 0,
        ...(i % CHECKING === 1 && { pause: () => random.unit() * LONGEST_PAUSE_MS }),
      }),
  ),
);
fleet.start(waldo);
setInterval(() => !isPaused && fleet.reopenSome(random, Math.ceil(tails / REOPENING)), 1000);
sampleEvery(() => ({
  lag: fleet.lag(waldo.prevSeqNo ?? 0),
  counts: { ...fleet.counts, appended, page: waldo.metadata().pages.at(-1)?.page ?? 0 },
}));
void ordered('pause').then(() => {
  isPaused = true;
});

await append();
await until(() => pending === 0);
say({ kind: 'paused', tip: next - 1 });
const { tip } = await ordered('finish');
fleet.hurry();
await until(() => fleet.hasReached(tip));
const { counts } = fleet;
await fleet.stop();
const { problems } = await waldo.verify();
if (problems.length > 0) throw new Error(`verify: ${JSON.stringify(problems)}`);
await waldo.close();
end({ ...counts, appended });

/** The whole ring, as it was found. */
async function checkContents(): Promise<void> {
  let position = waldo.metadata().afterSeqNo;
  for await (const log of waldo.query(Cursor.after(position)).logs()) {
    if (log.seqNo !== ++position) throw new Error(`recovered: ${log.seqNo} instead of ${position}`);
    checkLog(log);
  }
  if (position !== next - 1)
    throw new Error(`recovered: the logs end at ${position}, the ring at ${next - 1}`);
}

async function append(): Promise<void> {
  const began = performance.now();
  const first = next;
  while (!isPaused) {
    // What is behind its time catches up, up to a second of it.
    const due = Math.floor(((performance.now() - began) / 1000) * rate) + first - next;
    if (due < rate / appends || pending >= PENDING) await sleep(1000 / appends / 2);
    else void appendBatch(Math.max(1, Math.min(due, rate)));
  }
}

async function appendBatch(length: number): Promise<void> {
  const last = next + length - 1;
  const batch = Array.from({ length }, (_, i) => numberedLog(next + i));
  next = last + 1;
  pending++;
  say({ kind: 'submit', seqNo: last });
  const acknowledged = await waldo.append(batch);
  if (acknowledged !== last) throw new Error(`log ${last} got the number ${acknowledged}`);
  say({ kind: 'ack', seqNo: last });
  pending--;
  appended += length;
}
