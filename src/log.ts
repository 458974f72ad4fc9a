import { crc32c, packRecords } from './binding.js';
import { invalidArgument } from './errors.js';
import {
  alignLog,
  CHECKED_HEADER_BYTES,
  CHECKSUM_WORD,
  LENGTH_WORD,
  LOG_HEADER_BYTES,
  type Memory,
  PREV_SEQ_NO_WORD,
  packedSize,
  readUint53,
} from './log-format.js';

/** One record of the ring. */
export class Log {
  /** The log's sequence number: 1 to 2^53−1, greater than that of every log before. */
  readonly seqNo: number;
  /** The sequence number of the log before it; 0 if it was the ring's first. */
  readonly prevSeqNo: number;

  readonly #memory: Memory;
  readonly #start: number;
  readonly #length: number;
  #data: Buffer | undefined;

  /** @internal */
  constructor(memory: Memory, offset: number) {
    const word = offset >>> 2;
    this.seqNo = readUint53(memory.words, word);
    this.prevSeqNo = readUint53(memory.words, word + 2);
    this.#memory = memory;
    this.#start = offset + LOG_HEADER_BYTES;
    this.#length = lengthAt(memory.words, offset);
  }

  /**
   * The payload: a view, not a copy. It stays valid as long as it is held, and as long keeps the whole chunk
   * that it lies in (up to `bufCapacity` bytes) in memory: copy what is kept for long. The memory is shared
   * with every other reader and must not be modified or transferred.
   */
  get data(): Buffer {
    this.#data ??= this.#memory.bytes.subarray(this.#start, this.#start + this.#length);
    return this.#data;
  }

  /** The payload as UTF-8; bytes that are none become U+FFFD. */
  text(): string {
    return this.#memory.bytes.toString('utf8', this.#start, this.#start + this.#length);
  }

  /**
   * The payload as JSON.
   * @throws SyntaxError if it is none.
   */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** The CRC32C that was stored with the log, over its sequence numbers, its length and its data. */
  get checksum(): number {
    return this.#memory.words[(this.#start >>> 2) - 6 + CHECKSUM_WORD]!;
  }

  /**
   * Whether the log still matches its checksum. What is read from disk has been checked already; this is for
   * those who want to know that nobody has modified it in memory.
   */
  validate(): boolean {
    const header = this.#start - LOG_HEADER_BYTES;
    const covered = this.#memory.bytes.subarray(header, header + CHECKED_HEADER_BYTES);
    return crc32c(this.data, crc32c(covered)) === this.checksum;
  }
}

/** A contiguous run of packed logs, shared by all who read it. */
export class Chunk {
  /** All logs of the chunk: the one view that readers share. */
  readonly logs: Logs;
  #offsets: Uint32Array | undefined;

  constructor(
    readonly memory: Memory,
    readonly start: number,
    readonly end: number,
    readonly count: number,
    readonly firstSeqNo: number,
    readonly lastSeqNo: number,
    readonly prevSeqNo: number,
  ) {
    this.logs = new Logs(this, 0, start, firstSeqNo);
  }

  /** Where each log's header starts; found once, by whoever asks first. */
  get offsets(): Uint32Array {
    if (this.#offsets !== undefined) return this.#offsets;
    const offsets = new Uint32Array(this.count);
    const { words } = this.memory;
    let offset = this.start;
    for (let i = 0; i < offsets.length; i++) {
      offsets[i] = offset;
      offset += packedSize(lengthAt(words, offset));
    }
    this.#offsets = offsets;
    return offsets;
  }

  /** The logs with numbers greater than `seqNo`; the caller knows that there is one. */
  after(seqNo: number): Logs {
    if (seqNo < this.firstSeqNo) return this.logs;
    const { offsets } = this;
    const { words } = this.memory;
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (readUint53(words, offsets[middle]! >>> 2) > seqNo) high = middle;
      else low = middle + 1;
    }
    const offset = offsets[low]!;
    return new Logs(this, low, offset, readUint53(words, offset >>> 2));
  }
}

/**
 * Logs that follow one another: what a stream delivers at a time. The memory behind it is shared with every
 * other reader, must not be modified, and stays as long as this object, one of its logs or one of their
 * `data` is held.
 */
export class Logs implements Iterable<Log> {
  /** How many logs these are; at least 1. */
  readonly length: number;
  readonly firstSeqNo: number;
  readonly lastSeqNo: number;

  readonly #chunk: Chunk;
  readonly #first: number;
  readonly #start: number;

  /** @internal */
  constructor(chunk: Chunk, first: number, start: number, firstSeqNo: number) {
    this.length = chunk.count - first;
    this.firstSeqNo = firstSeqNo;
    this.lastSeqNo = chunk.lastSeqNo;
    this.#chunk = chunk;
    this.#first = first;
    this.#start = start;
  }

  /** Bytes of all payloads together, headers and padding not counted. */
  get byteLength(): number {
    const { words } = this.#chunk.memory;
    let bytes = 0;
    for (let offset = this.#start; offset < this.#chunk.end; ) {
      const length = lengthAt(words, offset);
      bytes += length;
      offset += packedSize(length);
    }
    return bytes;
  }

  /** The log at an index; negative ones count from the end; `undefined` where there is none. */
  at(index: number): Log | undefined {
    const i = Math.trunc(index) || 0;
    const position = i < 0 ? this.length + i : i;
    if (position < 0 || position >= this.length) return undefined;
    return new Log(this.#chunk.memory, this.#chunk.offsets[this.#first + position]!);
  }

  *[Symbol.iterator](): IterableIterator<Log> {
    const { memory, end } = this.#chunk;
    for (let offset = this.#start; offset < end; ) {
      const length = lengthAt(memory.words, offset);
      yield new Log(memory, offset);
      offset += packedSize(length);
    }
  }

  /**
   * Visits log after log without making an object for any of them.
   * @param visit is given the log's number, the memory it lies in, where its payload starts and ends there,
   * and the number of the log before. If it returns `false`, the scan stops.
   */
  scan(
    visit: (seqNo: number, buffer: Buffer, start: number, end: number, prevSeqNo: number) => unknown,
  ): void {
    const { bytes, words } = this.#chunk.memory;
    const end = this.#chunk.end;
    let prevSeqNo = readUint53(words, (this.#start >>> 2) + PREV_SEQ_NO_WORD);
    for (let offset = this.#start; offset < end; ) {
      const word = offset >>> 2;
      const start = offset + LOG_HEADER_BYTES;
      const stop = start + lengthAt(words, offset);
      const seqNo = readUint53(words, word);
      if (visit(seqNo, bytes, start, stop, prevSeqNo) === false) return;
      prevSeqNo = seqNo;
      offset = alignLog(stop);
    }
  }

  /**
   * Copies logs into `target` from `at` on as the records of a batch: of each its length as u32, and its data.
   * @param start where the payload of the first one starts, as {@link scan} tells
   * @param end where that of the last one ends
   * @returns where the records end in the target
   * @internal
   */
  copyRecords(start: number, end: number, target: Buffer, at: number): number {
    return packRecords(this.#chunk.memory.bytes, start - LOG_HEADER_BYTES, end, target, at);
  }
}

/** The length of the log whose header is at `offset`. Memory without it would look like a log that never ends. */
function lengthAt(words: Uint32Array, offset: number): number {
  const length = words[(offset >>> 2) + LENGTH_WORD];
  if (length === undefined) throw invalidArgument('the memory of these logs was transferred away');
  return length;
}
