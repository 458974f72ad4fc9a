import assert from 'node:assert/strict';
import { Cursor, type LogBatch, type LogStream, type Waldo, type WaldoOptions } from '../../../src/index.js';
import { withCode } from '../../support/rings.js';
import { type Entry, entriesAfter, entriesOf } from './logs.js';

/** What the ring should hold: every log ever appended. Which of them are still there the ring decides. */
export interface Model {
  readonly logs: Entry[];
  bufCapacity: number;
}

/** The ring itself. */
export interface Real {
  readonly directory: string;
  readonly geometry: WaldoOptions;
  waldo: Waldo;
  /** Reads along from the beginning. */
  tail: LogStream;
  tailAt: number;
}

export const FRAME_AND_LOG_HEADERS = 96 + 24;

export const tipOf = (model: Model): number => model.logs.at(-1)?.seqNo ?? 0;
export const maxLogBytes = (model: Model): number => model.bufCapacity - FRAME_AND_LOG_HEADERS - 7;

/** The logs that the ring has not trimmed. */
export function kept(model: Model, real: Real): Entry[] {
  const { afterSeqNo } = real.waldo.metadata();
  return model.logs.filter((log) => log.seqNo > afterSeqNo);
}

/** Remembers a batch that was appended, and gives it as `append` takes it. */
export function remember(model: Model, payloads: readonly (Buffer | string)[], gap?: number): LogBatch {
  const explicit: { seqNo: number; prevSeqNo: number; data: Buffer | string }[] = [];
  for (const data of payloads) {
    const prevSeqNo = tipOf(model);
    const seqNo = prevSeqNo + (gap ?? 1);
    model.logs.push({ seqNo, prevSeqNo, data: Buffer.from(data as string) });
    explicit.push({ seqNo, prevSeqNo, data });
  }
  return gap === undefined ? (payloads as (Buffer | string)[]) : explicit;
}

/** What must hold whatever was done last. */
export function checkMetadata(model: Model, real: Real): void {
  const metadata = real.waldo.metadata();
  const present = kept(model, real);
  assert.equal(real.waldo.prevSeqNo, model.logs.at(-1)?.seqNo);
  assert.equal(metadata.prevSeqNo, real.waldo.prevSeqNo);
  assert.equal(metadata.logCount, present.length);
  assert.equal(metadata.afterSeqNo, present[0]?.prevSeqNo ?? 0, 'the ring is trimmed between two logs');
  assert(metadata.pages.length <= metadata.ringSize);
  if (present.length < model.logs.length) {
    assert.equal(metadata.pages.length, metadata.ringSize, 'nothing is trimmed before the ring is full');
  }
  for (const page of metadata.pages) assert(page.bytes <= metadata.fileCapacity);
  assert.equal(
    metadata.pages.reduce((sum, page) => sum + page.logCount, 0),
    present.length,
  );
}

export async function checkVerifies(model: Model, real: Real): Promise<void> {
  const report = await real.waldo.verify();
  assert.deepEqual(report.problems, []);
  assert.equal(report.logs, kept(model, real).length);
}

/** Reads from a cursor, and checks what it gives against the model. */
export async function checkQuery(
  model: Model,
  real: Real,
  kind: 'after' | 'from',
  seqNo: number,
): Promise<void> {
  const cursor = Cursor[kind](seqNo);
  const after = kind === 'from' ? Math.max(seqNo - 1, 0) : seqNo;
  const present = kept(model, real);
  const { afterSeqNo } = real.waldo.metadata();
  const read = entriesAfter(real.waldo, cursor);
  if (after > tipOf(model)) {
    await assert.rejects(read, withCode('WALDO_CURSOR', new RegExp(`${seqNo}.*${tipOf(model) || 'empty'}`)));
  } else if (after < afterSeqNo) {
    const oldestSeqNo = present[0]!.seqNo;
    await assert.rejects(read, withCode('WALDO_TRIMMED', new RegExp(String(oldestSeqNo)), { oldestSeqNo }));
  } else {
    assertSame(
      await read,
      present.filter((log) => log.seqNo > after),
    );
  }
}

export async function checkAll(model: Model, real: Real): Promise<void> {
  assertSame(await entriesAfter(real.waldo, Cursor.trim()), kept(model, real));
}

/** Lets the tail that has followed the ring from the beginning catch up. */
export async function checkTail(model: Model, real: Real): Promise<void> {
  const expected = model.logs.filter((log) => log.seqNo > real.tailAt);
  const read: Entry[] = [];
  while (read.length < expected.length) {
    const next = await real.tail.next().catch((error) => {
      // A chunk that is cached outlives its page, so what was trimmed may still have been delivered.
      const oldestSeqNo = kept(model, real)[0]!.seqNo;
      withCode('WALDO_TRIMMED', undefined, { oldestSeqNo })(error);
      return undefined;
    });
    if (next === undefined) {
      real.tail = real.waldo.tail(Cursor.trim());
      real.tailAt = real.waldo.metadata().afterSeqNo;
      assertSame(read, expected.slice(0, read.length));
      return checkTail(model, real);
    }
    assert.equal(next.done, false);
    for (const { seqNo, prevSeqNo, data } of next.value!)
      read.push({ seqNo, prevSeqNo, data: Buffer.from(data) });
  }
  assertSame(read, expected);
  real.tailAt = tipOf(model);
}

export async function checkStream(stream: LogStream, expected: readonly Entry[]): Promise<void> {
  assertSame(await entriesOf(stream), expected);
}

/** `deepEqual` of many buffers takes long, and prints too much when it fails. */
export function assertSame(actual: readonly Entry[], expected: readonly Entry[]): void {
  const numbers = (entries: readonly Entry[]) => entries.map((log) => [log.seqNo, log.prevSeqNo]);
  assert.deepEqual(numbers(actual), numbers(expected));
  for (const [i, log] of actual.entries()) {
    assert(log.data.equals(expected[i]!.data), `log ${log.seqNo} holds other data than was appended`);
  }
}
