import type { AbortRegistry } from './abort.js';
import type { Admission } from './admission.js';
import { type Batch, readBatch } from './batch.js';
import type { NativeError } from './binding.js';
import type { Engine } from './engine.js';
import { abortedError, closedError, fromNative, SequenceError, WaldoError } from './errors.js';
import type { Feed } from './feed.js';
import { Fifo } from './fifo.js';
import type { FrameWriter } from './frame-writer.js';
import { HoldNotice } from './hold-notice.js';
import { MAX_SEQ_NO } from './log-format.js';
import type { Frame, Settle } from './slab.js';
import { type AppendStats, CommitMeter } from './stats.js';

/** Of an append that waits for nobody to tell it. */
const TELL_NOBODY: Settle = () => {};

/** What an append does for which there is no room before a page that a durable cursor holds. */
export interface HoldPolicy {
  readonly admission: Admission;
  /** Whether it waits; else it is rejected. */
  readonly wait: boolean;
}

/** How soon a page that is held is looked at again: cursors may be moved by other processes, which tell nobody. */
const HELD_PAUSE_MS = 10;

/**
 * The write path. Logs are packed as they come; what is packed while a commit is in flight is the next
 * commit. Appends that find no room wait in line.
 */
export class Appender {
  readonly #engine: Engine;
  readonly #feed: Feed;
  readonly #writer: FrameWriter;
  readonly #aborts: AbortRegistry;
  readonly #maxLogBytes: number;
  readonly #meter: CommitMeter;
  /** `undefined` if pages are overwritten whoever holds them. */
  readonly #holds: HoldPolicy | undefined;
  readonly #notice: HoldNotice | undefined;
  #heldTimer: NodeJS.Timeout | undefined;

  /** Appends that are not packed, or not entirely, in the order of their calls. */
  readonly #waiting = new Fifo<Batch>();
  /** The tip once all who wait are packed; `undefined` if it has to be found out again. */
  #projected: number | undefined;
  /** Frames known to be durable since the ring was opened. */
  #committed = 0;
  #flushScheduled = false;
  /** Frames that have become durable during an `appendSync`, which are told of at its end. */
  #blocking: Frame[] | undefined;
  /** Whether the process is kept alive because something is not durable yet. */
  #referenced = false;
  #closing = false;
  #failure: WaldoError | undefined;
  #onRest: (() => void) | undefined;

  constructor(
    engine: Engine,
    feed: Feed,
    writer: FrameWriter,
    aborts: AbortRegistry,
    maxLogBytes: number,
    holds: HoldPolicy | undefined,
  ) {
    this.#holds = holds;
    this.#engine = engine;
    this.#feed = feed;
    this.#writer = writer;
    this.#aborts = aborts;
    this.#maxLogBytes = maxLogBytes;
    const { directory } = feed.meter;
    this.#meter = new CommitMeter(directory, engine.native);
    this.#notice = holds && new HoldNotice(directory, engine, holds.admission);
    engine.onCommit = (committed, failure) => this.#onCommit(committed, failure);
  }

  /** Checks what is to be appended. @throws {@link WaldoError} */
  read(logs: unknown): Batch {
    return readBatch(logs, this.#maxLogBytes);
  }

  /** An append has been refused before it had begun. */
  refused(): void {
    this.#meter.refused++;
  }

  /** @throws {@link WaldoError} whatever refuses the append before it has begun. */
  append(batch: Batch, signal: AbortSignal | undefined, timeout?: number): Promise<number> {
    this.#check(batch);
    if (signal?.aborted) throw abortedError('append', signal.reason);
    if (batch.length === 0) return Promise.resolve(this.#nothing());
    if (this.#waiting.length === 0 && this.#admits(batch)) this.#place(batch);
    if (this.#failure !== undefined) throw this.#failure;
    this.#meter.accepted++;
    return new Promise<number>((resolve) => {
      if (batch.packed) this.#writer.onDurable(resolve);
      else this.#enqueue(batch, resolve, signal, timeout);
    });
  }

  /** @throws {@link WaldoError} `WALDO_FULL` if there is no room, and appends do not wait for any. */
  #admits(batch: Batch): boolean {
    if (this.#holds === undefined || this.#fits(batch)) return true;
    if (!this.#holds.wait) throw this.#holds.admission.error(this.#feed.tip);
    this.#lookAgain();
    return false;
  }

  /** Whether a batch fits before a page that a durable cursor holds. */
  #fits(batch: Batch): boolean {
    const fits = this.#writer.admits(batch);
    this.#notice?.admitted(fits, this.#feed.tip);
    return fits;
  }

  #lookAgain(): void {
    this.#heldTimer ??= setTimeout(() => {
      this.#heldTimer = undefined;
      this.retry();
    }, HELD_PAUSE_MS);
  }

  /** Pages may be free that were held. */
  retry(): void {
    if (this.#holds === undefined || this.#failure !== undefined) return;
    this.#holds.admission.expire();
    this.#pump();
    this.#rest();
  }

  /** @throws {@link WaldoError} whatever refuses the append, or the failure of the ring. */
  appendSync(batch: Batch): number {
    this.#check(batch);
    if (batch.length === 0) return this.#nothing();
    this.#blocking = [];
    try {
      return this.#appendSync(batch);
    } finally {
      const durable = this.#blocking;
      this.#blocking = undefined;
      if (durable.length > 0) this.#meter.publish(durable);
    }
  }

  #appendSync(batch: Batch): number {
    while (this.#waiting.length > 0) {
      this.#refuseIfHeld(this.#waiting.at(0));
      this.#commitSync();
    }
    // One that waited may have been refused: then this one has lost its predecessor.
    if (batch.seqNos !== undefined) this.#checkContinues(batch, this.#writer.tip);
    this.#refuseIfHeld(batch);
    this.#place(batch);
    while (!batch.packed) {
      this.#commitSync();
      this.#place(batch);
    }
    this.#writer.onDurable(TELL_NOBODY);
    this.#meter.accepted++;
    const last = this.#writer.tip;
    try {
      while (this.#feed.tip < last) this.#commitSync();
    } catch (error) {
      this.#meter.accepted--; // The caller counts what throws.
      throw error;
    }
    return last;
  }

  /** Whoever blocks the thread cannot wait for a cursor, which nobody else could move. */
  #refuseIfHeld(batch: Batch): void {
    if (this.#holds === undefined || batch.cancelled || this.#fits(batch)) return;
    throw this.#holds.admission.error(this.#feed.tip);
  }

  /**
   * Refuses further appends; settles once none is under way. The first that waits for a cursor is rejected, and all
   * behind it.
   */
  close(): Promise<void> {
    this.#closing = true;
    if (this.#holds !== undefined) {
      if (this.#engine.native.held()) this.#engine.native.giveUpHeld();
      this.#pump();
    }
    return new Promise((resolve) => {
      this.#onRest = resolve;
      this.#rest();
    });
  }

  /** What has been done, and what is about to be. */
  stats(): AppendStats {
    let appendsWaiting = 0;
    for (let i = 0; i < this.#waiting.length; i++) if (!this.#waiting.at(i).cancelled) appendsWaiting++;
    const { appends, inFlight, slabs } = this.#writer;
    return this.#meter.snapshot({
      appendsPending: appends + appendsWaiting,
      appendsWaiting,
      framesInFlight: inFlight,
      slabsInUse: slabs,
    });
  }

  /** An empty batch is durable at once. */
  #nothing(): number {
    this.#meter.accepted++;
    this.#meter.appends++;
    return this.#feed.tip;
  }

  #check(batch: Batch): void {
    if (this.#closing) throw closedError();
    if (this.#failure !== undefined) throw this.#failure;
    if (batch.length === 0) return;
    const tip = this.#projectedTip();
    if (batch.seqNos !== undefined) this.#checkContinues(batch, tip);
    else if (tip > MAX_SEQ_NO - batch.length) {
      const message = `sequence numbers end at ${MAX_SEQ_NO}; ${batch.length} more after ${tip} do not fit`;
      throw new WaldoError('WALDO_EXCEEDS_LIMIT', message);
    }
  }

  /** An explicit batch must continue the log, unless nothing was ever appended. */
  #checkContinues(batch: Batch, tip: number): void {
    const { prevSeqNo } = batch;
    if (tip === 0 || prevSeqNo === tip) return;
    const details = { seqNo: batch.seqNos![0]!, prevSeqNo, expectedPrevSeqNo: tip };
    if (this.#isPassed(prevSeqNo)) {
      const message = `log 0 has prevSeqNo ${prevSeqNo}, but appends in flight have moved the tip to ${tip}`;
      throw new SequenceError('WALDO_CONFLICT', message, details);
    }
    throw new SequenceError(
      'WALDO_SEQUENCE',
      `log 0 has prevSeqNo ${prevSeqNo}, but the tip is ${tip}`,
      details,
    );
  }

  /** Whether the log ends at this number, or will for a moment, before appends that are not durable yet. */
  #isPassed(seqNo: number): boolean {
    let tip = this.#writer.tip;
    if (seqNo === this.#feed.tip || seqNo === tip || this.#writer.endsAt(seqNo)) return true;
    for (let i = 0; i < this.#waiting.length && tip < seqNo; i++) tip = this.#waiting.at(i).project(tip);
    return tip === seqNo;
  }

  /** The tip once all who wait are packed. */
  #projectedTip(): number {
    if (this.#waiting.length === 0) return this.#writer.tip;
    if (this.#projected === undefined) {
      let tip = this.#writer.tip;
      for (let i = 0; i < this.#waiting.length; i++) tip = this.#waiting.at(i).project(tip);
      this.#projected = tip;
    }
    return this.#projected;
  }

  /** Packs what can be packed, and sees to it that it will be submitted. */
  #place(batch: Batch): void {
    try {
      this.#writer.place(batch);
    } finally {
      this.#go();
    }
  }

  #go(): void {
    const { broken, inFlight, pending } = this.#writer;
    if (broken !== undefined) {
      this.#fail(broken);
    } else if (inFlight > 0 || pending) {
      if (!this.#referenced) this.#engine.ref();
      this.#referenced = true;
      // While a commit is in flight, what is packed waits for the next: its end submits it. Else all callers
      // of this turn share a commit.
      if (inFlight === 0 && !this.#flushScheduled) {
        this.#flushScheduled = true;
        process.nextTick(this.#flush);
      }
    }
  }

  readonly #flush = (): void => {
    this.#flushScheduled = false;
    if (this.#writer.inFlight === 0) this.#submit();
  };

  #submit(wake = true): void {
    this.#writer.submit(wake);
    if (this.#writer.broken !== undefined) this.#fail(this.#writer.broken);
  }

  #enqueue(batch: Batch, settle: Settle, signal: AbortSignal | undefined, timeout: number | undefined): void {
    const tip = this.#projectedTip();
    batch.wait(settle);
    this.#waiting.push(batch);
    this.#projected = batch.project(tip);
    if (batch.next > 0) return;
    if (timeout !== undefined) batch.timer = setTimeout(() => this.#expire(batch, timeout), timeout);
    if (signal === undefined) return;
    batch.signal = signal;
    batch.onAbort = (reason) => this.#withdraw(batch, abortedError('append', reason));
    this.#aborts.add(signal, batch);
  }

  #expire(batch: Batch, timeout: number): void {
    const message = `no room was found for the append within ${timeout} ms`;
    this.#withdraw(
      batch,
      this.#holds !== undefined && !this.#writer.admits(batch)
        ? this.#holds.admission.error(this.#feed.tip)
        : new WaldoError('WALDO_FULL', `${message}: all slabs are on their way to the disk`),
    );
    this.#pump();
  }

  /**
   * What waits for a cursor when the ring is closed would wait for ever. What waits behind it goes with it, even if it
   * would fit: nobody's later append is in where an earlier one was given up.
   */
  #giveUpWaiting(): void {
    for (let i = 0; i < this.#waiting.length; i++) {
      const batch = this.#waiting.at(i);
      if (!batch.cancelled) this.#withdraw(batch, this.#holds!.admission.error(this.#feed.tip));
    }
  }

  /** Rejects an append that waits: what was to come behind it comes without it. */
  #withdraw(batch: Batch, error: unknown): void {
    this.#projected = undefined;
    this.#unsubscribe(batch);
    batch.cancel(error);
  }

  /** Once a log of it is packed, an append can no longer be aborted. */
  #unsubscribe(batch: Batch): void {
    clearTimeout(batch.timer);
    if (batch.signal !== undefined) this.#aborts.delete(batch.signal, batch);
    batch.signal = undefined;
  }

  /** Packs those who wait, the first first, as far as there is room. */
  #pump(): void {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.at(0);
      if (this.#holds !== undefined && !batch.cancelled && !this.#fits(batch)) {
        if (!this.#closing) {
          this.#lookAgain();
          return;
        }
        this.#giveUpWaiting();
      }
      if (!batch.cancelled) this.#packWaiting(batch);
      if (this.#failure !== undefined || !(batch.packed || batch.cancelled)) return;
      this.#waiting.shift();
    }
  }

  #packWaiting(batch: Batch): void {
    try {
      if (batch.seqNos !== undefined && batch.next === 0) this.#checkContinues(batch, this.#writer.tip);
      this.#place(batch);
    } catch (error) {
      this.#withdraw(batch, error);
      return;
    }
    if (batch.next > 0) this.#unsubscribe(batch);
    if (batch.packed) this.#writer.onDurable(batch.settle!);
  }

  /** Runs on every wake-up by native code, and after every synchronous commit. */
  #onCommit(committed: number, failure: NativeError | undefined): void {
    const durable: Frame[] = [];
    for (; this.#committed < committed && this.#writer.inFlight > 0; this.#committed++) {
      const frame = this.#writer.shift();
      this.#feed.publish(frame);
      durable.push(frame);
    }
    // First the disk, then those who have waited for it.
    if (failure === undefined && this.#writer.inFlight === 0) this.#submit();
    if (durable.length > 0) this.#meter.count(durable);
    for (const frame of durable) frame.settle();
    if (durable.length > 0) this.#feed.wake();
    if (this.#holds !== undefined && this.#writer.inFlight > 0 && this.#engine.native.held()) this.#onHeld();
    if (failure === undefined) this.#pump();
    else if (this.#failure === undefined) this.#fail(fromNative(failure));
    this.#rest();
    if (this.#blocking !== undefined) this.#blocking.push(...durable);
    else if (durable.length > 0) this.#meter.publish(durable);
  }

  /** Another process has made a cursor that holds the page that was thought to be free. */
  #onHeld(): void {
    this.#holds!.admission.expire();
    if (this.#closing) this.#engine.native.giveUpHeld();
  }

  #commitSync(): void {
    this.#submit(false);
    const expected = this.#committed + this.#writer.inFlight;
    const committed = this.#engine.native.commitSync();
    this.#onCommit(committed, committed < expected ? this.#engine.native.failure() : undefined);
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#engine.native.held()) throw this.#holds!.admission.error(this.#feed.tip);
  }

  /** Latches the ring: nothing that is not durable will be, and nothing more is accepted. */
  #fail(error: WaldoError): void {
    this.#failure = error;
    const rejected = Promise.reject(error);
    rejected.catch(() => {}); // Reported by the appends, if there are any.
    this.#writer.abandon(rejected);
    for (; this.#waiting.length > 0; this.#waiting.shift()) {
      const batch = this.#waiting.at(0);
      this.#unsubscribe(batch);
      if (!batch.cancelled) batch.settle!(rejected);
    }
    this.#rest();
  }

  #rest(): void {
    if (this.#waiting.length === 0) {
      clearTimeout(this.#heldTimer);
      this.#heldTimer = undefined;
    }
    if (this.#writer.inFlight > 0 || this.#writer.pending || this.#waiting.length > 0) return;
    if (this.#referenced) this.#engine.unref();
    this.#referenced = false;
    this.#onRest?.();
  }
}
