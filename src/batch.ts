import type { Abortable } from './abort.js';
import {
  type ExplicitLog,
  isExplicit,
  type Measured,
  measure,
  type Payload,
  readExplicit,
  toArray,
} from './payload.js';
import type { Settle } from './slab.js';

/**
 * What `append` takes: an array or another iterable, all of payloads, which get the next sequence numbers, or
 * all of logs with explicit ones. (A string is an iterable of strings too, but surely not meant as one.)
 */
export type LogBatch = object & (Iterable<Payload> | Iterable<ExplicitLog>);

/** One call of `append`, from when its logs have been checked to when the last of them is packed. */
export class Batch implements Abortable, Measured {
  payloads: readonly Payload[];
  /** Of explicit logs; payloads without get the next numbers when they are packed. */
  readonly seqNos: readonly number[] | undefined;
  /** Of the first log, if it is explicit. */
  readonly prevSeqNo: number;
  bytes = 0;
  exact = false;
  /** The first log that is not packed yet. */
  next = 0;

  // Of a batch that has to wait:
  /** The lengths that byte payloads had when they were checked. */
  lengths: Uint32Array | undefined = undefined;
  settle: Settle | undefined = undefined;
  signal: AbortSignal | undefined = undefined;
  onAbort: ((reason: unknown) => void) | undefined = undefined;
  timer: NodeJS.Timeout | undefined = undefined;
  /** Its promise is rejected: it is passed over. */
  cancelled = false;

  constructor(
    payloads: readonly Payload[],
    seqNos: readonly number[] | undefined,
    prevSeqNo: number,
    maxLogBytes: number,
  ) {
    this.payloads = payloads;
    this.seqNos = seqNos;
    this.prevSeqNo = prevSeqNo;
    measure(this, maxLogBytes);
  }

  get length(): number {
    return this.payloads.length;
  }

  get packed(): boolean {
    return this.next === this.payloads.length;
  }

  /**
   * The ring's last number after this batch, if it was `tip` before; the same if the batch will not get in.
   */
  project(tip: number): number {
    const { seqNos, next, length } = this;
    if (this.cancelled) return tip;
    if (seqNos === undefined) return tip + length - next;
    return next > 0 || tip === 0 || tip === this.prevSeqNo ? seqNos[length - 1]! : tip;
  }

  /** Remembers what it takes to be packed in a later turn, when the caller may have changed things. */
  wait(settle: Settle): void {
    const payloads = this.payloads.slice();
    const lengths = new Uint32Array(payloads.length);
    for (let i = 0; i < lengths.length; i++) lengths[i] = payloads[i]!.length;
    this.payloads = payloads;
    this.lengths = lengths;
    this.settle = settle;
  }

  /** Rejects the promise of a batch that waits, and lets go of its payloads. */
  cancel(error: unknown): void {
    this.cancelled = true;
    this.payloads = [];
    this.settle?.(Promise.reject(error));
  }

  abort(reason: unknown): void {
    this.onAbort?.(reason);
  }
}

/**
 * Checks what a caller wants appended.
 * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`, `WALDO_EXCEEDS_LIMIT`; {@link SequenceError}
 * `WALDO_SEQUENCE`
 */
export function readBatch(logs: unknown, maxLogBytes: number): Batch {
  const array = toArray(logs);
  if (isExplicit(array)) {
    const { payloads, seqNos, prevSeqNo } = readExplicit(array);
    return new Batch(payloads, seqNos, prevSeqNo, maxLogBytes);
  }
  return new Batch(array as readonly Payload[], undefined, 0, maxLogBytes);
}
