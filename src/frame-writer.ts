import type { Admission } from './admission.js';
import type { Batch } from './batch.js';
import type { ChunkCache } from './chunk-cache.js';
import type { Engine } from './engine.js';
import { WaldoError } from './errors.js';
import { Fifo } from './fifo.js';
import { FRAME_HEADER_BYTES } from './log-format.js';
import { pack } from './pack.js';
import { packedPayloadSize, packedTotal } from './payload.js';
import type { Frame, Settle, Slab, SlabPool } from './slab.js';

/** What bounds the frames of a ring. */
export interface FrameLimits {
  /** Bytes: frames start at multiples of it. */
  readonly alignment: number;
  /** Bytes of a frame, its header included. */
  readonly bufCapacity: number;
  /** Logs in a frame. */
  readonly pageCapacity: number;
  /** Frames in flight. */
  readonly queueDepth: number;
}

/** Packs batches into frames and hands the frames to native code. One frame at a time is open. */
export class FrameWriter {
  /** The last sequence number packed; 0 if the ring is empty. */
  tip: number;
  /** Why a frame could not be submitted: then its logs, and all after it, are lost. */
  broken: WaldoError | undefined = undefined;

  readonly #engine: Engine;
  readonly #pool: SlabPool;
  readonly #cache: ChunkCache;
  readonly #limits: FrameLimits;
  readonly #admission: Admission | undefined;
  /** Frames that have become durable. */
  #shifted = 0;
  /** Submitted and not yet durable, the oldest first. */
  readonly #inFlight = new Fifo<Frame>();
  #slab: Slab | undefined;
  #open: Frame | undefined;

  /** @param admission what decides about room, if durable cursors are honoured. */
  constructor(
    engine: Engine,
    pool: SlabPool,
    cache: ChunkCache,
    limits: FrameLimits,
    tip: number,
    admission: Admission | undefined,
  ) {
    this.#admission = admission;
    this.#engine = engine;
    this.#pool = pool;
    this.#cache = cache;
    this.#limits = limits;
    this.tip = tip;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  get slabs(): number {
    return this.#pool.writing;
  }

  /** Appends of which the last log is packed, and not durable. */
  get appends(): number {
    let appends = this.#open?.appends ?? 0;
    for (let i = 0; i < this.#inFlight.length; i++) appends += this.#inFlight.at(i).appends;
    return appends;
  }

  /** Whether there are logs that have been packed and not been submitted. */
  get pending(): boolean {
    return this.#open !== undefined && this.#open.count > 0;
  }

  /** Whether a batch fits before a page that a durable cursor holds. */
  admits(batch: Batch): boolean {
    const admission = this.#admission;
    if (admission === undefined || batch.next > 0) return true;
    const open = this.#open === undefined ? 0 : this.#open.end - this.#open.start;
    const inFlight = () => {
      const frames: number[] = [];
      for (let i = 0; i < this.#inFlight.length; i++) frames.push(this.#inFlight.at(i).padded);
      return { before: this.#shifted, frames };
    };
    if (admission.admits(open, batch.bytes, inFlight)) return true;
    return !batch.exact && admission.admits(open, packedTotal(batch.payloads), inFlight);
  }

  /**
   * Packs what is left of a batch, as far as there are slabs and places in the queue. A batch that fits one
   * frame gets into one frame, whole; larger ones are spread over frames.
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT` if a payload has changed; `WALDO_IO` if memory is
   * out.
   */
  place(batch: Batch): void {
    if (batch.next === 0 && !this.#fits(batch, batch.bytes) && !this.#makeRoom(batch)) return;
    while (!batch.packed) {
      const frame = this.#open ?? this.#begin(packedPayloadSize(batch.payloads[batch.next]!));
      if (frame === undefined) return;
      // Nothing was ever appended: the batch says what it continues.
      if (this.tip === 0 && batch.seqNos !== undefined) frame.prevSeqNo = frame.lastSeqNo = batch.prevSeqNo;
      if (frame.count === 0) frame.begunAt = performance.now();
      pack(frame, batch, this.#limits.pageCapacity);
      if (frame.count > 0) this.tip = frame.lastSeqNo;
      if (!batch.packed && !this.submit()) return;
    }
  }

  /** Whether the open frame takes the batch whole. */
  #fits(batch: Batch, bytes: number): boolean {
    const frame = this.#open;
    if (frame === undefined) return false;
    return bytes <= frame.room && batch.length <= this.#limits.pageCapacity - frame.count;
  }

  /** Opens another frame for a batch that would fit one, but not what is left of this one. */
  #makeRoom(batch: Batch): boolean {
    const { bufCapacity, pageCapacity } = this.#limits;
    const bytes = batch.exact ? batch.bytes : packedTotal(batch.payloads);
    const fitsOne = bytes <= bufCapacity - FRAME_HEADER_BYTES && batch.length <= pageCapacity;
    if (!fitsOne || this.#fits(batch, bytes)) return true;
    return (this.#open === undefined || this.submit()) && this.#begin(bytes) !== undefined;
  }

  /** Opens a frame with room for so many bytes of logs, unless there is no slab for it now. */
  #begin(bytes: number): Frame | undefined {
    if (this.#slab !== undefined && !this.#slab.hasRoom(bytes)) this.#retire(this.#slab);
    this.#slab ??= this.#pool.take();
    if (this.#slab === undefined) return undefined;
    this.#open = this.#pool.begin(this.#slab, this.tip);
    return this.#open;
  }

  #retire(slab: Slab): void {
    this.#slab = undefined;
    this.#pool.retire(slab);
    // What is left unused of the slab stays allocated as long as its last frame.
    const rest = slab.capacity - slab.cursor;
    if (slab.last === undefined) return;
    slab.last.cost += rest;
    if (slab.last.cached) this.#cache.charge(rest);
  }

  /**
   * Hands the open frame to native code; returns whether there was a place in the queue.
   * @param wake whether the writing thread shall take it; otherwise a synchronous commit follows.
   */
  submit(wake = true): boolean {
    const frame = this.#open;
    if (frame === undefined) return true;
    if (this.#inFlight.length >= this.#limits.queueDepth) return false;
    this.#open = undefined;
    const { alignment } = this.#limits;
    const { slab, start, end, count } = frame;
    if (count === 0) {
      this.#pool.settled(frame);
      this.#pool.release(frame);
      return true;
    }
    slab.cursor = Math.ceil(end / alignment) * alignment;
    frame.submittedAt = performance.now();
    frame.cost = frame.padded = slab.cursor - start;
    this.#admission?.take(frame.padded);
    this.#inFlight.push(frame);
    try {
      this.#engine.native.submit(slab.memory.buffer, start, end, count, wake);
    } catch (cause) {
      const message =
        'the memory of logs that were being appended is gone: was the data of a log transferred?';
      this.broken = new WaldoError('WALDO_INTERNAL', message, undefined, { cause });
      return false;
    }
    return true;
  }

  /** Calls `settle` once the log packed last is durable. */
  onDurable(settle: Settle): void {
    this.#open!.onDurable(settle);
  }

  /** Takes the oldest frame in flight, which has become durable. */
  shift(): Frame {
    const frame = this.#inFlight.shift();
    this.#shifted++;
    this.#pool.settled(frame);
    return frame;
  }

  /** Whether an append that is not durable yet ends with this number. */
  endsAt(seqNo: number): boolean {
    if (this.#open?.endsAt(seqNo)) return true;
    for (let i = 0; i < this.#inFlight.length; i++) {
      if (this.#inFlight.at(i).endsAt(seqNo)) return true;
    }
    return false;
  }

  /**
   * Gives up all frames, and tells the appends that end in them. Their memory is left to the garbage
   * collector.
   */
  abandon(rejected: Promise<never>): void {
    while (this.#inFlight.length > 0) this.#inFlight.shift().settle(rejected);
    this.#open?.settle(rejected);
    this.#open = undefined;
    this.#slab = undefined;
  }
}
