// Takes what was shipped off the manifest, checks it, and has garbage collected.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import {
  LocalObjectStore,
  type RingBatch,
  RingConsumer,
  type RingPosition,
} from '../../../../src/buffer/index.js';
import { Random } from '../../../buffer/campaign/random.js';
import { numberedLog } from '../../../integration/support/numbered-logs.js';
import { FaultyStore } from '../faulty-store.js';
import { assignment, end, ordered, sampleEvery, say, until } from './member.js';

/** What is stored together: where the consumer is, and what came of the logs, which is their number. */
interface Stored {
  readonly position?: RingPosition;
  readonly through: number;
}

const { position: file, graceMs, intervalMs } = assignment;
const store = new FaultyStore(
  new LocalObjectStore(assignment.store),
  new Random(assignment.seed, 'consumer'),
);
let stored: Stored = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { through: 0 };
const consumer = await RingConsumer.open({
  store,
  ...(stored.position && { position: stored.position }),
  gcInterval: Math.max(1000, intervalMs),
  gcGracePeriod: graceMs,
  retryTimeout: Number.POSITIVE_INFINITY,
});
say({ kind: 'open', at: stored.through });

let taken = 0;
const counts = () => {
  const { logs, duplicates, gaps } = consumer.stats();
  return { consumed: logs, taken, duplicates, gaps, ...store.counts };
};
sampleEvery(() => ({ counts: counts() }));

void consume();
const { tip } = await ordered('finish');
await until(() => stored.through >= tip);
await consumer.close();
end(counts());

async function consume(): Promise<void> {
  for await (const batch of consumer.batches()) {
    check(batch);
    stored = { position: batch.position, through: batch.lastSeqNo };
    // A kill leaves the one or the other.
    writeFileSync(`${file}.tmp`, JSON.stringify(stored));
    renameSync(`${file}.tmp`, file);
    taken++;
    say({ kind: 'committed', seqNo: stored.through });
    await batch.ack();
  }
}

function check(batch: RingBatch): void {
  let { through } = stored;
  for (const { seqNo, prevSeqNo, data } of batch.logs) {
    if (seqNo !== through + 1 || prevSeqNo !== through)
      throw new Error(`log ${seqNo} after ${prevSeqNo} was consumed after ${through}`);
    if (data.toString() !== numberedLog(seqNo)) throw new Error(`log ${seqNo} is not what was appended`);
    through = seqNo;
  }
  if (batch.gap !== undefined || through !== batch.lastSeqNo)
    throw new Error(
      `a batch up to ${batch.lastSeqNo} has logs up to ${through}, gap ${JSON.stringify(batch.gap)}`,
    );
}
