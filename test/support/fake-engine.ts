import assert from 'node:assert/strict';
import type {
  Binding,
  NativeBounds,
  NativeChunk,
  NativeCursor,
  NativeEngine,
  NativeError,
  NativeMetadata,
  NativeOpened,
  NativeOptions,
  NativeRoom,
} from '../../src/binding.js';
import { packRecords } from '../../src/binding.js';
import { FRAME_HEADER_BYTES, LOG_HEADER_BYTES, packedSize, readUint53 } from '../../src/log-format.js';
import { crc32c } from './crc32c.js';

/** A log as the fake keeps it: all its packed bytes. */
interface StoredLog {
  readonly seqNo: number;
  readonly prevSeqNo: number;
  readonly packed: Buffer;
}

interface SubmittedFrame {
  readonly slab: ArrayBuffer;
  readonly start: number;
  readonly end: number;
  /** What it looked like when it was submitted: nothing may change until it is written. */
  readonly snapshot: Buffer;
  readonly logs: StoredLog[];
}

type OnDone = (id: number, error: NativeError | undefined, value: unknown) => void;

export const IO_ERROR: NativeError = {
  code: 1,
  message: 'pwritev /ring/0000000000.page: no space left on device (ENOSPC)',
  errno: 28,
  errnoName: 'ENOSPC',
  syscall: 'pwritev',
  path: '/ring/0000000000.page',
};

const ALIGNMENT = 512;

/**
 * An engine whose disk is an array and whose commits happen when the test says so. It is strict about what it
 * is handed, as native code is entitled to be.
 */
export class FakeEngine {
  /** What is durable. It outlives a close, as a disk does. */
  readonly logs: StoredLog[] = [];
  /** Logs up to here have been overwritten. */
  trimmed = 0;
  /** The page that is written to. */
  page = 0;
  /** Whether submitted frames are committed by themselves, soon. */
  automatic: boolean;
  /** The next commit fails with it, and the ring is latched. */
  nextFailure: NativeError | undefined;
  openFailure: NativeError | undefined;
  closeFailure: NativeError | undefined;
  readFailure: NativeError | undefined;
  allocationFails = false;

  /** How often it was asked for things. */
  allocations = 0;
  reads = 0;
  boundsAsked = 0;
  readSizes: number[] = [];
  /** Logs in each commit. */
  readonly commitSizes: number[] = [];
  /** Durable cursors; they outlive a close. */
  readonly cursors = new Map<string, NativeCursor>();
  readonly cursorCommits: number[] = [];
  cursorFailure: NativeError | undefined;
  room: NativeRoom = { frames: 0, pageBytes: 0, freePages: 3 };
  /** Whether the engine keeps the process alive. */
  referenced = false;
  closed = false;

  options: NativeOptions | undefined;
  readonly binding: Binding;
  #queue: SubmittedFrame[] = [];
  #committed = 0;
  #failure: NativeError | undefined;
  #onCommit: (committed: number, failure: NativeError | undefined) => void = () => {};

  constructor(options: { automatic?: boolean } = {}) {
    this.automatic = options.automatic ?? true;
    const fake = this;
    this.binding = {
      Engine: class {
        constructor(onCommit: (committed: number, failure: NativeError | undefined) => void, onDone: OnDone) {
          // biome-ignore lint/correctness/noConstructorReturn: the binding wants a class, the fake has one engine.
          return fake.#engine(onCommit, onDone);
        }
      } as unknown as Binding['Engine'],
      crc32c,
      crc32cImplementation: () => 'fake',
      packRecords,
      tryLockFile: () => true,
    };
  }

  /** Frames that were submitted and are not durable. */
  get queued(): number {
    return this.#queue.length;
  }

  get tip(): number {
    return this.logs.at(-1)?.seqNo ?? 0;
  }

  /** Every durable payload as text. */
  get texts(): string[] {
    return this.logs.map((log) => dataOf(log).toString());
  }

  /**
   * Makes the oldest frames durable, all by default; settles when JavaScript has been told, and has reacted.
   */
  async commit(frames = Number.POSITIVE_INFINITY): Promise<void> {
    await turn();
    this.#write(frames);
    this.#onCommit(this.#committed, this.#failure);
    await turn();
  }

  #write(frames: number): void {
    for (let left = frames; left > 0 && this.#queue.length > 0 && this.#failure === undefined; left--) {
      if (this.nextFailure !== undefined) {
        this.#failure = this.nextFailure;
        return;
      }
      const { slab, start, end, snapshot, logs } = this.#queue.shift()!;
      const now = Buffer.from(slab, start, end - start);
      assert(now.equals(snapshot), 'a frame was modified while it was in flight');
      let offset = start + FRAME_HEADER_BYTES;
      for (const log of logs) {
        const size = log.packed.length;
        log.packed.writeUInt32LE(crc32c(dataOf(log), crc32c(log.packed.subarray(0, 20))), 20);
        log.packed.copy(Buffer.from(slab, offset, size));
        offset += size;
        this.logs.push(log);
      }
      this.commitSizes.push(logs.length);
      this.#committed++;
    }
  }

  #engine(
    onCommit: (committed: number, failure: NativeError | undefined) => void,
    onDone: OnDone,
  ): NativeEngine {
    this.#onCommit = onCommit;
    this.#queue = [];
    this.#committed = 0;
    this.#failure = undefined;
    this.closed = false;
    const answer = (id: number, error: NativeError | undefined, value?: () => unknown) =>
      setImmediate(() => onDone(id, error, error === undefined ? value?.() : undefined));
    return {
      open: (id, _directory, options) => {
        this.options = options;
        answer(id, this.openFailure, () => this.#opened(options));
      },
      allocate: () => {
        if (this.allocationFails) throw new Error('out of memory');
        this.allocations++;
        return new ArrayBuffer(this.options!.bufCapacity);
      },
      submit: (slab, start, end, count) => {
        this.#queue.push(this.#read(slab, start, end, count));
        if (this.automatic) setImmediate(() => this.#autoCommit());
      },
      commitSync: () => {
        this.#write(Number.POSITIVE_INFINITY);
        return this.#committed;
      },
      committed: () => (this.options!.readOnly ? this.#bounds().tipSeqNo : this.#committed),
      failure: () => this.#failure,
      readOn: () => false,
      openCursor: (id, name, hold, position) =>
        answer(id, undefined, () => {
          const cursor = this.cursors.get(name) ?? { name, position, hold: hold ?? false, damaged: false };
          this.cursors.set(name, cursor);
          return cursor;
        }),
      commitCursor: (id, name, position) => {
        this.cursorCommits.push(position);
        answer(id, this.cursorFailure, () => {
          this.cursors.set(name, { ...this.cursors.get(name)!, position });
        });
      },
      closeCursor: (id) => answer(id, undefined),
      deleteCursor: (id, name) => answer(id, undefined, () => void this.cursors.delete(name)),
      cursors: () => [...this.cursors.values()],
      room: () => this.room,
      held: () => false,
      giveUpHeld: () => {},
      read: (ids, afterSeqNo, maxBytes) => {
        const trimmed = afterSeqNo < this.#bounds().afterSeqNo ? this.#trimmedError() : undefined;
        let error = this.readFailure ?? trimmed;
        let after: number | undefined = afterSeqNo;
        for (const id of ids) {
          let chunk: NativeChunk | null | undefined;
          if (error === undefined && after !== undefined) chunk = this.#chunk(after, maxBytes);
          if (error !== undefined || chunk !== undefined) {
            this.reads++;
            this.readSizes.push(maxBytes);
          }
          answer(id, error, () => chunk);
          error = undefined;
          after = chunk?.lastSeqNo === this.logs.at(-1)?.seqNo ? undefined : chunk?.lastSeqNo;
        }
      },
      bounds: () => this.#bounds(),
      metadata: () => this.#metadata(),
      verify: (id) =>
        answer(id, undefined, () => ({ pages: 1, frames: 1, logs: this.logs.length, problems: [] })),
      close: (id) => {
        assert.equal(
          this.#queue.length > 0 && this.#failure === undefined,
          false,
          'closed with frames in flight',
        );
        this.closed = true;
        answer(id, this.closeFailure);
      },
      ref: () => {
        assert.equal(this.referenced, false, 'ref() while referenced');
        this.referenced = true;
      },
      unref: () => {
        assert.equal(this.referenced, true, 'unref() while not referenced');
        this.referenced = false;
      },
    };
  }

  #autoCommit(): void {
    if (this.#queue.length === 0) return;
    this.#write(Number.POSITIVE_INFINITY);
    this.#onCommit(this.#committed, this.#failure);
  }

  /** Checks a frame as native code would on its way to the disk. */
  #read(slab: ArrayBuffer, start: number, end: number, count: number): SubmittedFrame {
    if (slab.byteLength === 0) throw new TypeError('the slab is detached');
    assert.equal(start % ALIGNMENT, 0, 'a frame starts at a multiple of the alignment');
    assert(count >= 1 && count <= this.options!.pageCapacity, 'a frame has from 1 to pageCapacity logs');
    assert(end <= slab.byteLength, 'a frame lies in its slab');
    const words = new Uint32Array(slab);
    const logs: StoredLog[] = [];
    let prevSeqNo = this.#queue.at(-1)?.logs.at(-1)?.seqNo ?? this.tip;
    let offset = start + FRAME_HEADER_BYTES;
    while (offset < end) {
      const length = words[(offset >>> 2) + 4]!;
      const size = packedSize(length);
      const packed = Buffer.from(Buffer.from(slab, offset, size));
      const log = {
        seqNo: readUint53(words, offset >>> 2),
        prevSeqNo: readUint53(words, (offset >>> 2) + 2),
        packed,
      };
      if (prevSeqNo !== 0) assert.equal(log.prevSeqNo, prevSeqNo, 'logs are linked');
      assert(log.seqNo > log.prevSeqNo, 'sequence numbers grow');
      assert(
        packed.subarray(LOG_HEADER_BYTES + length).every((byte) => byte === 0),
        'padding is zero',
      );
      prevSeqNo = log.seqNo;
      logs.push(log);
      offset += size;
    }
    assert.equal(offset, end, 'logs fill the frame');
    assert.equal(logs.length, count, 'the frame has as many logs as it says');
    return { slab, start, end, snapshot: Buffer.from(Buffer.from(slab, start, end - start)), logs };
  }

  #bounds(): NativeBounds {
    this.boundsAsked++;
    const oldest = this.#kept()[0];
    return {
      empty: oldest === undefined,
      afterSeqNo: oldest?.prevSeqNo ?? 0,
      tipSeqNo: this.tip,
      page: this.page,
    };
  }

  #kept(): StoredLog[] {
    return this.logs.filter((log) => log.seqNo > this.trimmed);
  }

  #trimmedError(): NativeError {
    const oldest = this.#kept()[0]!.seqNo;
    return { code: 3, message: `the oldest log still there is ${oldest}`, oldestSeqNo: oldest };
  }

  #chunk(afterSeqNo: number, maxBytes: number): NativeChunk | null {
    const found: StoredLog[] = [];
    let bytes = 0;
    for (const log of this.#kept()) {
      if (log.seqNo <= afterSeqNo) continue;
      if (found.length > 0 && bytes + log.packed.length > maxBytes) break;
      found.push(log);
      bytes += log.packed.length;
    }
    if (found.length === 0) return null;
    const all = new Uint8Array(Buffer.concat(found.map((log) => log.packed)));
    return {
      buffer: all.buffer as ArrayBuffer,
      start: 0,
      end: all.length,
      count: found.length,
      firstSeqNo: found[0]!.seqNo,
      lastSeqNo: found.at(-1)!.seqNo,
      prevSeqNo: found[0]!.prevSeqNo,
    };
  }

  #opened(options: NativeOptions): NativeOpened {
    const { ringSize, fileCapacity, indexCapacity, bufCapacity } = options;
    const maxLogBytes = Math.min(1024 * 1024, bufCapacity - FRAME_HEADER_BYTES - LOG_HEADER_BYTES - 7);
    return {
      ringSize,
      fileCapacity,
      indexCapacity,
      alignment: ALIGNMENT,
      bufCapacity,
      directIo: false,
      hugeBuf: 'none',
      tipSeqNo: this.tip,
      empty: this.logs.length === 0,
      frameHeaderBytes: FRAME_HEADER_BYTES,
      logHeaderBytes: LOG_HEADER_BYTES,
      maxLogBytes,
    };
  }

  #metadata(): NativeMetadata {
    const { explicit: _, ringId, directIo: __, ...options } = this.options!;
    const kept = this.#kept();
    const bytes = kept.reduce((sum, log) => sum + log.packed.length, 0);
    const page = {
      page: this.page,
      slot: this.page % this.options!.ringSize,
      firstSeqNo: kept[0]?.seqNo ?? 0,
      lastSeqNo: this.tip,
      logCount: kept.length,
      bytes,
      sealed: false,
      indexCount: 0,
    };
    return {
      ...options,
      ringId,
      epoch: '00000001deadbeef',
      empty: this.logs.length === 0,
      prevSeqNo: this.tip,
      afterSeqNo: this.#bounds().afterSeqNo,
      logCount: kept.length,
      indexCount: 0,
      diskSize: bytes,
      indexSize: 0,
      pages: [page],
      directIo: false,
      commits: this.commitSizes.length,
      recovery: {
        outcome: 'created',
        tornBytes: 0,
        rewrittenBytes: 0,
        scannedBytes: 0,
        scannedFrames: 0,
        healed: [],
        gaps: [],
      },
    };
  }
}

/** Settles after the callbacks, ticks and microtasks that are due now. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function dataOf(log: StoredLog): Buffer {
  return log.packed.subarray(LOG_HEADER_BYTES, LOG_HEADER_BYTES + log.packed.readUInt32LE(16));
}
