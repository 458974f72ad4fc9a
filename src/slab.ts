import { constants } from 'node:os';
import { WaldoError } from './errors.js';
import { Chunk } from './log.js';
import { FRAME_HEADER_BYTES, LOG_HEADER_BYTES, Memory } from './log-format.js';

/** Settles the promise of one append: with its last sequence number, or with a rejected promise. */
export type Settle = (result: number | Promise<never>) => void;

/** The least room worth starting a frame in. */
const LEAST_LOG_BYTES = LOG_HEADER_BYTES + 8;

/** Native memory that logs are packed into, written from and read from. Frames follow one another in it. */
export class Slab {
  readonly memory: Memory;
  /** Where the next frame may start. */
  cursor = 0;
  /** Frames that are not durable yet. */
  pending = 0;
  /** Frames that are not durable yet or that the cache holds. */
  alive = 0;
  /** Whether it takes no more frames. */
  retired = false;
  /** Whether a reader was handed a chunk of it: then it is never used again, the garbage collector has it. */
  seen = false;
  /** The newest frame. */
  last: Frame | undefined;

  constructor(buffer: ArrayBuffer) {
    this.memory = new Memory(buffer);
  }

  get capacity(): number {
    return this.memory.size;
  }

  /** Whether a frame whose logs take so many bytes can still start here. */
  hasRoom(logBytes: number): boolean {
    const end = this.cursor + FRAME_HEADER_BYTES + Math.max(logBytes, LEAST_LOG_BYTES);
    return end <= this.capacity && !this.memory.detached;
  }
}

/** What one commit writes: room for a header, then packed logs. Later the chunk that readers get. */
export class Frame {
  readonly slab: Slab;
  readonly start: number;
  /** Where the last log ends, padding included. */
  end: number;
  /** Bytes of memory that the frame accounts for, once it is sealed. */
  cost = 0;
  /** Bytes that it takes on disk, once it is sealed. */
  padded = 0;
  count = 0;
  firstSeqNo = 0;
  lastSeqNo: number;
  prevSeqNo: number;
  /** When its first log was packed, by `performance.now()`. */
  begunAt = 0;
  /** When it was handed to native code. */
  submittedAt = 0;
  /** Its place in the order of commits, counted from the ring's opening; known once it is durable. */
  ordinal = -1;
  /** Whether the cache holds it. */
  cached = false;

  /** The appends that end in this frame, and the last sequence number of each. */
  #settles: Settle[] = [];
  #results: number[] = [];

  #chunk: Chunk | undefined;

  constructor(slab: Slab, prevSeqNo: number) {
    this.slab = slab;
    this.start = slab.cursor;
    this.end = slab.cursor + FRAME_HEADER_BYTES;
    this.lastSeqNo = prevSeqNo;
    this.prevSeqNo = prevSeqNo;
  }

  /** Bytes that are left for logs. */
  get room(): number {
    return this.slab.capacity - this.end;
  }

  /** Bytes of packed logs. */
  get logBytes(): number {
    return this.end - this.start - FRAME_HEADER_BYTES;
  }

  /** Appends that end in it and have not been told yet. */
  get appends(): number {
    return this.#settles.length;
  }

  /** Calls `settle` with the frame's last number, as it is now, once the frame is durable. */
  onDurable(settle: Settle): void {
    this.#settles.push(settle);
    this.#results.push(this.lastSeqNo);
  }

  /** Whether an append ends with this number. */
  endsAt(seqNo: number): boolean {
    return this.#results.includes(seqNo);
  }

  /** Tells the appends that end in this frame: that it is durable, or that it never will be. */
  settle(rejected?: Promise<never>): void {
    const settles = this.#settles;
    const results = this.#results;
    // The frame may stay in the cache for long; the appends' promises must not.
    this.#settles = [];
    this.#results = [];
    for (let i = 0; i < settles.length; i++) settles[i]!(rejected ?? results[i]!);
  }

  get chunk(): Chunk {
    this.#chunk ??= new Chunk(
      this.slab.memory,
      this.start + FRAME_HEADER_BYTES,
      this.end,
      this.count,
      this.firstSeqNo,
      this.lastSeqNo,
      this.prevSeqNo,
    );
    return this.#chunk;
  }
}

/**
 * The slabs of a ring. At most `poolSize` of them are in the write path, that is open or with frames not yet
 * durable; that is what bounds the memory of appends. Slabs whose frames are all durable belong to the cache.
 */
export class SlabPool {
  readonly #allocate: () => ArrayBuffer;
  readonly #poolSize: number;
  readonly #free: Slab[] = [];
  #writing = 0;

  constructor(allocate: () => ArrayBuffer, poolSize: number) {
    this.#allocate = allocate;
    this.#poolSize = poolSize;
  }

  /**
   * A slab to be filled, or `undefined` if one has to become durable first.
   * @throws {@link WaldoError} `WALDO_IO` if memory is out and no commit will free some.
   */
  take(): Slab | undefined {
    if (this.#writing >= this.#poolSize) return undefined;
    const slab = this.#free.pop() ?? this.#create();
    if (slab !== undefined) this.#writing++;
    return slab;
  }

  #create(): Slab | undefined {
    try {
      return new Slab(this.#allocate());
    } catch (error) {
      if (this.#writing > 0) return undefined;
      const message = `there is no memory for a slab: ${(error as Error).message}`;
      const { ENOMEM } = constants.errno;
      throw new WaldoError('WALDO_IO', message, { errno: ENOMEM, errnoName: 'ENOMEM' }, { cause: error });
    }
  }

  /** Slabs in the write path. */
  get writing(): number {
    return this.#writing;
  }

  /** A new frame at the slab's cursor. */
  begin(slab: Slab, prevSeqNo: number): Frame {
    const frame = new Frame(slab, prevSeqNo);
    slab.pending++;
    slab.alive++;
    slab.last = frame;
    return frame;
  }

  /** The slab takes no more frames. */
  retire(slab: Slab): void {
    slab.retired = true;
    if (slab.pending === 0) this.#written(slab);
  }

  /** The frame is durable (or was never written): it no longer holds its slab in the write path. */
  settled(frame: Frame): void {
    const { slab } = frame;
    slab.pending--;
    if (slab.retired && slab.pending === 0) this.#written(slab);
  }

  /** Nobody but readers needs the frame's memory any more. */
  release(frame: Frame): void {
    const { slab } = frame;
    slab.alive--;
    this.#recycle(slab);
  }

  #written(slab: Slab): void {
    this.#writing--;
    this.#recycle(slab);
  }

  #recycle(slab: Slab): void {
    if (!slab.retired || slab.alive > 0 || slab.seen || slab.memory.detached) return;
    slab.retired = false;
    slab.cursor = 0;
    slab.last = undefined;
    this.#free.push(slab);
  }
}
