import { WaldoError } from '../errors.js';
import { MAX_SEQ_NO } from '../log-format.js';
import { encodeRingId } from '../ring-id.js';
import { unknownVersion } from './stored-bytes.js';
import { MAX_VARINT_BYTES, readVarint, writeVarint } from './varint.js';

// The metadata payload that says which logs of which ring the records of a batch are. All integers little-endian.
//
//   0   magic          4 bytes "WLDO"
//   4   version        u16 = 1
//   6   reserved       u16 = 0
//   8   ring id        16 bytes
//   24  prevSeqNo      u64   of the first log
//   32  firstSeqNo     u64
//   40  lastSeqNo      u64
//   48  log count      u32, at least 1
//   52  runs           to the payload's end
//
// A range is a chain: each log's prevSeqNo is the number of the one before. A run is two varints (LEB128), `logs`
// and `step`, both at least 1: so many logs follow, each `step` above the one before. Logs that no run covers have
// steps of 1, so that consecutive numbers take no space.

const MAGIC = 0x4f444c57;
const VERSION = 1;
const RING_ID_OFFSET = 8;
const PREV_OFFSET = 24;
const FIRST_OFFSET = 32;
const LAST_OFFSET = 40;
const COUNT_OFFSET = 48;
const RUNS_OFFSET = 52;
/** Bytes of a range without runs. */
export const RANGE_HEADER_BYTES = RUNS_OFFSET;

/** Logs that a range has at most: as many as a batch has records. */
const MAX_LOGS = 2 ** 32 - 1;

/** Collects the numbers of a contiguous range of logs, without keeping them one by one. */
export class RangeEncoder {
  readonly prevSeqNo: number;
  readonly firstSeqNo: number;
  readonly #ringId: Uint8Array;
  #last: number;
  #count = 1;
  #runs = Buffer.alloc(0);
  #length = 0;
  /** The run that goes on: so many logs of one step. */
  #runLogs = 0;
  #runStep = 1;

  /** Starts with the range's first log. */
  constructor(ringId: Uint8Array, prevSeqNo: number, firstSeqNo: number) {
    this.#ringId = ringId;
    this.prevSeqNo = prevSeqNo;
    this.firstSeqNo = firstSeqNo;
    this.#last = firstSeqNo;
  }

  get lastSeqNo(): number {
    return this.#last;
  }

  get logCount(): number {
    return this.#count;
  }

  /** Bytes of the payload so far, but for the run that goes on, which takes 16 at most. */
  get byteLength(): number {
    return RUNS_OFFSET + this.#length;
  }

  /** Adds the log that follows the last one. */
  add(seqNo: number): void {
    const step = seqNo - this.#last;
    if (step !== this.#runStep) {
      if (this.#runLogs > 0) this.#writeRun();
      this.#runStep = step;
      this.#runLogs = 0;
    }
    this.#runLogs++;
    this.#last = seqNo;
    this.#count++;
  }

  /** The payload. The encoder is used up. */
  finish(): Buffer {
    // Logs that no run covers have steps of 1 anyhow.
    if (this.#runLogs > 0 && this.#runStep !== 1) this.#writeRun();
    const payload = Buffer.alloc(RUNS_OFFSET + this.#length);
    payload.writeUInt32LE(MAGIC, 0);
    payload.writeUInt16LE(VERSION, 4);
    payload.set(this.#ringId, RING_ID_OFFSET);
    payload.writeBigUInt64LE(BigInt(this.prevSeqNo), PREV_OFFSET);
    payload.writeBigUInt64LE(BigInt(this.firstSeqNo), FIRST_OFFSET);
    payload.writeBigUInt64LE(BigInt(this.#last), LAST_OFFSET);
    payload.writeUInt32LE(this.#count, COUNT_OFFSET);
    this.#runs.copy(payload, RUNS_OFFSET, 0, this.#length);
    return payload;
  }

  #writeRun(): void {
    if (this.#length + 2 * MAX_VARINT_BYTES > this.#runs.length) {
      const grown = Buffer.alloc(Math.max(64, this.#runs.length * 2));
      this.#runs.copy(grown, 0, 0, this.#length);
      this.#runs = grown;
    }
    this.#length = writeVarint(this.#runs, this.#length, this.#runLogs);
    this.#length = writeVarint(this.#runs, this.#length, this.#runStep);
  }
}

/** Whether a metadata payload says that it is a range of a ring's logs; whether it is a sound one, it does not tell. */
export function isRange(payload: Uint8Array): boolean {
  return (
    payload.length >= 4 && new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0, true) === MAGIC
  );
}

/** A range of logs as a checked payload says. */
export class LogRange {
  /** The ring's id, a ULID. */
  readonly ringId: string;
  /** What the range follows; 0 if it begins with the ring's first log. */
  readonly prevSeqNo: number;
  readonly firstSeqNo: number;
  readonly lastSeqNo: number;
  readonly logCount: number;
  readonly #runs: Buffer;

  private constructor(payload: Buffer, firstSeqNo: number, fail: Fail) {
    this.ringId = encodeRingId(payload.subarray(RING_ID_OFFSET, PREV_OFFSET));
    this.prevSeqNo = readSeqNo(payload, PREV_OFFSET, fail);
    this.firstSeqNo = firstSeqNo;
    this.lastSeqNo = readSeqNo(payload, LAST_OFFSET, fail);
    this.logCount = payload.readUInt32LE(COUNT_OFFSET);
    this.#runs = payload.subarray(RUNS_OFFSET);
  }

  /**
   * Reads a payload, and checks all of it, in time that its length limits and without allocating for what it claims.
   * @param logCount records that the batch has for it; without, what it says is taken for true
   * @param object where the payload is from, for messages
   * @throws {@link WaldoError} `WALDO_CORRUPT`, with `object` and `offset` (in the payload); `WALDO_VERSION`
   */
  static decode(payload: Uint8Array, logCount: number | undefined, object: string): LogRange {
    const fail: Fail = (offset, what) => {
      const message = `the range of logs in the metadata of ${object} is damaged at byte ${offset}: ${what}`;
      return new WaldoError('WALDO_CORRUPT', message, { object, offset });
    };
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
    if (!isRange(payload)) throw fail(0, 'it does not start with "WLDO"');
    if (bytes.length < 6) throw fail(bytes.length, 'it ends within its version');
    const version = bytes.readUInt16LE(4);
    if (version !== VERSION) throw unknownVersion(object, 'range', version, VERSION);
    if (bytes.length < RUNS_OFFSET) throw fail(bytes.length, `it has less than ${RUNS_OFFSET} bytes`);
    if (bytes.readUInt16LE(6) !== 0) throw fail(6, 'the reserved bytes are not zero');
    const range = new LogRange(bytes, readSeqNo(bytes, FIRST_OFFSET, fail), fail);
    range.#check(logCount ?? range.logCount, fail);
    return range;
  }

  /** A walk through the numbers of its logs, at the first one. */
  numbers(): SeqNoWalk {
    return new SeqNoWalk(this.#runs, this.firstSeqNo, this.prevSeqNo);
  }

  #check(logCount: number, fail: Fail): void {
    if (this.logCount !== logCount || logCount === 0) {
      throw fail(
        COUNT_OFFSET,
        `it tells of ${this.logCount} logs, and the batch has ${logCount} records for it`,
      );
    }
    if (this.firstSeqNo <= this.prevSeqNo) {
      throw fail(FIRST_OFFSET, `log ${this.firstSeqNo} cannot follow ${this.prevSeqNo}`);
    }
    const runs = this.#runs;
    let last = this.firstSeqNo;
    let left = this.logCount - 1;
    for (let offset = 0; offset < runs.length; ) {
      const start = RUNS_OFFSET + offset;
      const logs = readVarint(runs, offset);
      const step = logs && readVarint(runs, logs.end);
      if (step === undefined) throw fail(start, 'a run is cut off or too long');
      if (logs!.value === 0 || step.value === 0) throw fail(start, 'a run of nothing');
      if (logs!.value > left) throw fail(start, `a run of ${logs!.value} logs, of which ${left} are left`);
      // A product beyond 2^53−1 is rounded, but not to below it.
      if (last + logs!.value * step.value > MAX_SEQ_NO) throw fail(start, `numbers go beyond ${MAX_SEQ_NO}`);
      last += logs!.value * step.value;
      left -= logs!.value;
      offset = step.end;
    }
    if (last + left !== this.lastSeqNo) {
      throw fail(LAST_OFFSET, `its last log is ${this.lastSeqNo}, and its runs end at ${last + left}`);
    }
  }
}

/** Goes through the numbers of a checked range. */
export class SeqNoWalk {
  /** The log's number; that of the first log at the start. */
  seqNo: number;
  /** The number of the log before it. */
  prevSeqNo: number;
  readonly #runs: Buffer;
  #offset = 0;
  #left = 0;
  #step = 1;

  /** @internal */
  constructor(runs: Buffer, firstSeqNo: number, prevSeqNo: number) {
    this.#runs = runs;
    this.seqNo = firstSeqNo;
    this.prevSeqNo = prevSeqNo;
  }

  /** Goes on to the next log; the caller knows that there is one. */
  next(): void {
    if (this.#left === 0) this.#nextRun();
    this.#left--;
    this.prevSeqNo = this.seqNo;
    this.seqNo += this.#step;
  }

  #nextRun(): void {
    if (this.#offset === this.#runs.length) {
      this.#left = MAX_LOGS;
      this.#step = 1;
      return;
    }
    const logs = readVarint(this.#runs, this.#offset)!;
    const step = readVarint(this.#runs, logs.end)!;
    this.#left = logs.value;
    this.#step = step.value;
    this.#offset = step.end;
  }
}

type Fail = (offset: number, what: string) => WaldoError;

function readSeqNo(bytes: Buffer, offset: number, fail: Fail): number {
  const value = bytes.readBigUInt64LE(offset);
  if (value > BigInt(MAX_SEQ_NO)) throw fail(offset, `${value} is no sequence number`);
  return Number(value);
}
