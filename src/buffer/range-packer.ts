import type { Logs } from '../log.js';
import { type Compression, LENGTH_BYTES, RecordBlock } from './batch.js';
import type { EncodedBatch } from './batch-writer.js';
import type { Environment } from './environment.js';
import type { MetadataItem } from './manifest.js';
import { RangeEncoder } from './range.js';

/** What a batch has besides records and payloads of metadata: its footer, an item's header, the run that goes on. */
const OVERHEAD_BYTES = 7 + 16 + 16;

/**
 * Metadata that a batch brings into the manifest at most, which is written anew with every batch: numbers without any
 * regularity take 2 to 4 bytes a log, and then batches end early.
 */
const MAX_METADATA_BYTES = 64 * 1024;

const FIRST_CAPACITY = 64 * 1024;

/**
 * Logs that are packed into one batch. Those of a chunk are only counted one by one, and copied together: a call a log
 * takes longer than a short log's bytes.
 */
export class PackedBatch {
  readonly firstSeqNo: number;
  /** When its first log was packed, by the monotonic clock. */
  readonly since: number;
  #last: number;
  readonly #block: RecordBlock;
  readonly #metadata: MetadataItem[] = [];
  #metadataBytes = 0;
  #range: RangeEncoder;
  /** Logs that are counted and not copied yet, their bytes as records, and where their payloads lie in the chunk. */
  #counted = 0;
  #countedBytes = 0;
  #start = 0;
  #end = 0;
  #startIndex = 0;
  readonly #ringId: Uint8Array;
  readonly #environment: Environment;
  #rangeSince: number;

  constructor(
    capacity: number | Buffer,
    ringId: Uint8Array,
    environment: Environment,
    prevSeqNo: number,
    seqNo: number,
  ) {
    this.#block = new RecordBlock(capacity);
    this.#ringId = ringId;
    this.#environment = environment;
    this.firstSeqNo = this.#last = seqNo;
    this.since = environment.monotonic();
    this.#rangeSince = environment.now();
    this.#range = new RangeEncoder(ringId, prevSeqNo, seqNo);
  }

  get lastSeqNo(): number {
    return this.#last;
  }

  get logCount(): number {
    return this.#block.recordCount + this.#counted;
  }

  get payloadBytes(): number {
    return this.#block.payloadBytes + this.#countedBytes - this.#counted * LENGTH_BYTES;
  }

  /** Bytes of records, lengths and metadata. */
  get bytes(): number {
    return this.#recordBytes + this.#metadataBytes + this.#range.byteLength + OVERHEAD_BYTES;
  }

  /** Bytes of records and lengths. */
  get #recordBytes(): number {
    return this.#block.byteLength + this.#countedBytes;
  }

  /** Whether a log of so many bytes, besides those packed, keeps to the limits. */
  fits(length: number, maxBytes: number): boolean {
    const metadata = this.#metadataBytes + this.#range.byteLength;
    if (metadata >= MAX_METADATA_BYTES) return false;
    return this.#recordBytes + LENGTH_BYTES + length + metadata + OVERHEAD_BYTES <= maxBytes;
  }

  /** Takes in the next log of a chunk, whose payload lies from `start` to `end` there. */
  add(seqNo: number, prevSeqNo: number, start: number, end: number): void {
    if (this.logCount > 0) {
      if (prevSeqNo === this.#last) this.#range.add(seqNo);
      else this.#nextRange(prevSeqNo, seqNo);
    }
    if (this.#counted === 0) this.#start = start;
    this.#counted++;
    this.#countedBytes += LENGTH_BYTES + end - start;
    this.#end = end;
    this.#last = seqNo;
  }

  /** Copies the logs that were taken in; afterwards their chunk is not needed any more. */
  copy(chunk: Logs): void {
    const [count, bytes] = [this.#counted, this.#countedBytes];
    if (count === 0) return;
    this.#counted = this.#countedBytes = 0;
    this.#block.appendAll(count, bytes, (target, at) => {
      chunk.copyRecords(this.#start, this.#end, target, at);
    });
  }

  /** Makes the object of it; nothing can be added any more. */
  async finish(compression: Compression): Promise<EncodedBatch> {
    this.#endRange();
    const { recordCount, payloadBytes } = this.#block;
    const body = await this.#block.finish(compression);
    return { body, metadata: this.#metadata, recordCount, payloadBytes };
  }

  /** What it was packed into, once nobody needs its object any more. */
  takeMemory(): Buffer {
    return this.#block.takeMemory();
  }

  #nextRange(prevSeqNo: number, seqNo: number): void {
    this.#endRange();
    this.#startIndex = this.logCount;
    this.#rangeSince = this.#environment.now();
    this.#range = new RangeEncoder(this.#ringId, prevSeqNo, seqNo);
  }

  #endRange(): void {
    const payload = this.#range.finish();
    this.#metadataBytes += payload.length + OVERHEAD_BYTES;
    this.#metadata.push({
      startIndex: this.#startIndex,
      ingestionTimeMs: this.#rangeSince,
      payload,
    });
  }
}

/** Packs the logs of a ring, in order, into batches of limited size, without an object a log. */
export class RangePacker {
  readonly #ringId: Uint8Array;
  readonly #maxBytes: number;
  readonly #environment: Environment;
  #full: PackedBatch[] = [];
  #open: PackedBatch | undefined;
  #capacity: number;
  /** Of full batches that were shipped: fresh memory costs as much as packing. */
  #spare: Buffer[] = [];

  /**
   * @param maxBytes of a batch's records, lengths and metadata together; a log that is longer is a batch by itself.
   */
  constructor(ringId: Uint8Array, maxBytes: number, environment: Environment) {
    this.#ringId = ringId;
    this.#maxBytes = maxBytes;
    this.#environment = environment;
    this.#capacity = Math.min(FIRST_CAPACITY, maxBytes);
  }

  /** The batch that is not full. */
  get open(): PackedBatch | undefined {
    return this.#open;
  }

  /** Whether there is a batch to which nothing can be added. */
  get hasFull(): boolean {
    return this.#full.length > 0;
  }

  /** Packs a chunk; it is not needed afterwards. */
  add(logs: Logs): void {
    logs.scan((seqNo, _, start, end, prevSeqNo) => {
      let open = this.#open;
      if (open === undefined || !open.fits(end - start, this.#maxBytes)) {
        open?.copy(logs);
        open = this.#next(prevSeqNo, seqNo);
      }
      open.add(seqNo, prevSeqNo, start, end);
    });
    this.#open!.copy(logs);
  }

  /** Takes the oldest full batch or, if there is none, the one that is not full. */
  take(): PackedBatch | undefined {
    const full = this.#full.shift();
    if (full !== undefined || this.#open === undefined) return full;
    const open = this.#open;
    this.#open = undefined;
    // The next one will have about as many: memory that is not used costs, and so does growing.
    this.#capacity = Math.min(this.#maxBytes, Math.max(FIRST_CAPACITY, 2 * open.bytes));
    this.#spare = [];
    return open;
  }

  /** A batch that was shipped: its memory can be used again while batches go on to be full. */
  recycle(batch: PackedBatch): void {
    const memory = batch.takeMemory();
    if (this.#open === undefined && !this.hasFull)
      this.#spare = []; // An idle uploader keeps nothing.
    else if (this.#capacity === this.#maxBytes && memory.length >= this.#maxBytes) this.#spare.push(memory);
  }

  #next(prevSeqNo: number, seqNo: number): PackedBatch {
    if (this.#open !== undefined) {
      this.#full.push(this.#open);
      this.#capacity = this.#maxBytes;
    }
    const memory = this.#spare.pop() ?? this.#capacity;
    this.#open = new PackedBatch(memory, this.#ringId, this.#environment, prevSeqNo, seqNo);
    return this.#open;
  }
}
