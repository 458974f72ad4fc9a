import { type Consumer, Producer, type ProducerOptions } from '../../../src/buffer/index.js';
import type { Batch, Call } from './crate.js';

/** Calls with all kinds of entries, which tell whose they are. */
export function callsOf(name: string, count: number): readonly Call[] {
  return Array.from({ length: count }, (_, i) => ({
    metadata: `${name} ${i} Ω`,
    entries: [
      Buffer.from(`${name} ${i} first`),
      Buffer.alloc(0),
      ...Array.from({ length: i % 4 }, (_, k) => Buffer.alloc(k * 1000 + i, `${name} ${i} ${k}`)),
    ],
    flush: i % 3 === 2,
  }));
}

/** Gives the calls to a producer of ours. */
export async function produce(options: ProducerOptions, calls: readonly Call[]): Promise<void> {
  const producer = await Producer.open(options);
  for (const { entries, metadata, flush } of calls) {
    await producer.produce(entries, metadata);
    if (flush) await producer.flush();
  }
  await producer.close();
}

/** Takes what there is with a consumer of ours, and acknowledges it. */
export async function consume(consumer: Consumer, max = Number.POSITIVE_INFINITY): Promise<Batch[]> {
  const batches: Batch[] = [];
  while (batches.length < max) {
    const batch = await consumer.nextBatch();
    if (batch === undefined) break;
    const { sequence, location, entries } = batch;
    const metadata = batch.metadata.map(({ startIndex, payload }) => ({
      startIndex,
      payload: payload.toString(),
    }));
    batches.push({ sequence, location, entries, metadata });
    await batch.ack();
  }
  return batches;
}

/** The calls that batches were made of: each item of metadata covers the entries of one. */
export function callsIn(
  batches: readonly Batch[],
): readonly { metadata: string; entries: readonly Buffer[] }[] {
  return batches.flatMap(({ metadata, entries }) =>
    metadata.map(({ startIndex, payload }, i) => ({
      metadata: payload,
      entries: entries.slice(startIndex, metadata[i + 1]?.startIndex),
    })),
  );
}

/** What {@link callsIn} finds of these calls. */
export function contents(
  calls: readonly Call[],
): readonly { metadata: string; entries: readonly Buffer[] }[] {
  return calls.map(({ metadata, entries }) => ({ metadata, entries }));
}
