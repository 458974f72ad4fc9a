import { Producer } from '../../../src/buffer/index.js';
import type { ObjectStore } from '../../../src/buffer/object-store/object-store.js';
import { RangeEncoder } from '../../../src/buffer/range.js';
import type { RingBatch } from '../../../src/buffer/ring-batch.js';
import { RingConsumer, type RingConsumerOptions } from '../../../src/buffer/ring-consumer.js';
import { decodeRingId, encodeRingId, newRingId } from '../../../src/ring-id.js';

/** Logs of one ring that follow one another, by their numbers. */
export interface Shipped {
  readonly ringId: string;
  readonly prevSeqNo: number;
  readonly seqNos: readonly number[];
}

export function newRing(): string {
  return encodeRingId(newRingId());
}

export function payloadOf({ ringId, prevSeqNo, seqNos }: Shipped): Buffer {
  const encoder = new RangeEncoder(decodeRingId(ringId), prevSeqNo, seqNos[0]!);
  for (const seqNo of seqNos.slice(1)) encoder.add(seqNo);
  return encoder.finish();
}

/** What the log of a number has as data. */
export function dataOf(ringId: string, seqNo: number): string {
  return `${ringId} ${seqNo}`;
}

/** One batch of these ranges, as an uploader would have shipped it. */
export async function shipBatch(store: ObjectStore, ranges: readonly Shipped[]): Promise<void> {
  const producer = await Producer.open({ store });
  for (const range of ranges) {
    await producer.produce(
      range.seqNos.map((seqNo) => dataOf(range.ringId, seqNo)),
      payloadOf(range),
    );
  }
  await producer.close();
}

/** One batch a range. */
export async function ship(store: ObjectStore, ...ranges: readonly Shipped[]): Promise<void> {
  for (const range of ranges) await shipBatch(store, [range]);
}

export function openRingConsumer(
  store: ObjectStore,
  options: Partial<RingConsumerOptions> = {},
): Promise<RingConsumer> {
  return RingConsumer.open({ store, gcInterval: Number.POSITIVE_INFINITY, pollInterval: 1, ...options });
}

/** A batch as tests compare it. */
export interface SeenBatch {
  readonly ringId: string;
  readonly seqNos: readonly number[];
  readonly gap?: RingBatch['gap'];
}

/** The numbers of a batch, after a look at whether it is what it says. */
export function seen(batch: RingBatch): SeenBatch {
  const seqNos: number[] = [];
  let prevSeqNo = batch.prevSeqNo;
  for (const log of batch.logs) {
    if (log.prevSeqNo !== prevSeqNo)
      throw new Error(`${log.seqNo} follows ${log.prevSeqNo}, not ${prevSeqNo}`);
    if (log.data.toString() !== dataOf(batch.ringId, log.seqNo))
      throw new Error(`${log.seqNo} has ${log.data}`);
    prevSeqNo = log.seqNo;
    seqNos.push(log.seqNo);
  }
  const scanned: number[] = [];
  batch.scan((seqNo, data, before) => {
    if (data.toString() !== dataOf(batch.ringId, seqNo) || before >= seqNo) throw new Error(`scan: ${seqNo}`);
    scanned.push(seqNo);
  });
  const { firstSeqNo, lastSeqNo, length, ringId, gap } = batch;
  if (scanned.join() !== seqNos.join() || length !== seqNos.length)
    throw new Error(`${scanned} or ${seqNos}`);
  if (firstSeqNo !== seqNos[0] || lastSeqNo !== seqNos.at(-1))
    throw new Error(`${firstSeqNo} to ${lastSeqNo}`);
  return { ringId, seqNos, ...(gap && { gap }) };
}

/** What there is now. */
export async function seenOf(consumer: RingConsumer): Promise<SeenBatch[]> {
  const all: SeenBatch[] = [];
  for await (const batch of consumer.batches({ follow: false })) all.push(seen(batch));
  return all;
}
