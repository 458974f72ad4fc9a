// Follows the ring from another process: by tails, and by a durable cursor.
import { setTimeout as sleep } from 'node:timers/promises';
import { type DurableCursor, Waldo, type WaldoReader } from '../../../../src/index.js';
import { Random } from '../../../buffer/campaign/random.js';
import { CACHE_BYTES, LONGEST_PAUSE_MS } from './limits.js';
import { assignment, end, ordered, sampleEvery, say, until } from './member.js';
import { Fleet, Tail } from './tails.js';

/** Milliseconds between two commits of the cursor. */
const COMMIT_EVERY = 250;

const { ring, tails, seed, habit } = assignment;
const random = new Random(seed, assignment.cursor);

let reader: WaldoReader;
let cursor: DurableCursor;
let opens = 0;
let fleet: Fleet | undefined;
/** The tail whose position the cursor keeps. */
let kept: Tail;
let isFinishing = false;
let isOpen = false;

await open();
say({ kind: 'open', at: cursor!.position });
sampleEvery(() => ({
  ...(isOpen && { lag: fleet!.lag(reader.prevSeqNo ?? 0) }),
  counts: { ...fleet!.counts, opens },
}));
const finish = ordered('finish');
void finish.then(() => {
  isFinishing = true;
  fleet!.hurry();
});

while (!isFinishing) {
  await Promise.race([finish, sleep(COMMIT_EVERY)]);
  await commit();
  if (habit === 'reopening' && random.chance(0.1) && !isFinishing) {
    await close();
    await open();
  }
  if (random.chance(0.2)) fleet!.reopenSome(random, 1);
}
const { tip } = await finish;
await until(() => fleet!.hasReached(tip));
await commit();
const { counts } = fleet!;
await close();
end({ ...counts, opens });

/** Opens the ring; tails go on where they were. */
async function open(): Promise<void> {
  reader = await Waldo.openReader(ring, { cacheBytes: CACHE_BYTES });
  cursor = await reader.durableCursor(assignment.cursor);
  fleet ??= new Fleet(Array.from({ length: tails }, (_, i) => newTail(i)));
  kept = fleet.tails[0]!;
  opens++;
  fleet.start(reader);
  isOpen = true;
}

function newTail(i: number): Tail {
  const { afterSeqNo } = reader.metadata();
  // The first goes on from the durable cursor, as after a crash.
  const start = i === 0 ? cursor.position : i % 2 === 0 ? afterSeqNo : (reader.prevSeqNo ?? 0);
  const lags = habit === 'lagging' && i % 2 === 1;
  return new Tail(start, { checks: true, ...(lags && { pause: () => random.unit() * LONGEST_PAUSE_MS }) });
}

async function commit(): Promise<void> {
  const { position } = kept;
  if (position <= cursor.position) return;
  await cursor.commit(position);
  say({ kind: 'committed', seqNo: position });
}

async function close(): Promise<void> {
  isOpen = false;
  await fleet!.stop();
  await cursor.close();
  await reader.close();
}
