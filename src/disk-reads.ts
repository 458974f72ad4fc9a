import type { NativeChunk } from './binding.js';
import type { ChunkCache } from './chunk-cache.js';
import type { Engine } from './engine.js';
import { WaldoError } from './errors.js';
import { Chunk } from './log.js';
import { Memory } from './log-format.js';
import type { ReadMeter } from './stats.js';

type Found = NativeChunk | null | undefined;

/** Reads that go on one from the other, of which the first one's position is known. */
interface Chain {
  lastId: number;
  readonly waiting: Promise<Found>[];
  /** When the read that is under way was started, by `performance.now()`. */
  since: number;
}

interface Read {
  readonly chunk: Promise<Chunk>;
  readonly chain: Chain;
  /** Whether somebody wants it; otherwise it is read ahead. */
  asked: boolean;
}

/** Chunks that are read ahead, and not wanted yet, at most. */
const MAX_AHEAD = 4;

/**
 * Reads from disk: one for all who want the same logs, and a few ahead of those who read on and on, so that the
 * disk is busy while what it delivered is checked and looked at.
 */
export class DiskReads {
  readonly #engine: Engine;
  readonly #cache: ChunkCache;
  readonly #maxBytes: number;
  readonly #tip: () => number;
  readonly #meter: ReadMeter;
  /** Those under way, by the position after which they read. */
  readonly #reads = new Map<number, Read>();

  /** @param maxBytes that one read returns at most; only such reads are followed by others ahead. */
  constructor(engine: Engine, cache: ChunkCache, maxBytes: number, tip: () => number, meter: ReadMeter) {
    this.#engine = engine;
    this.#cache = cache;
    this.#maxBytes = maxBytes;
    this.#tip = tip;
    this.#meter = meter;
  }

  /** The logs after `position`, if they are in memory because they have been read. */
  cached(position: number): Chunk | undefined {
    const chunk = this.#cache.readAfter(position);
    if (chunk !== undefined && this.#cache.claim(chunk)) this.#goOn(chunk.lastSeqNo);
    return chunk;
  }

  /** Reads the logs after `position`; all who ask for the same meanwhile share the answer. */
  read(position: number, bytes: number): Promise<Chunk> {
    let read = this.#reads.get(position);
    // Who has worked his way up to the longest reads will go on.
    const more = bytes < this.#maxBytes ? 0 : this.#room();
    read ??= this.#start(position, Math.min(bytes, this.#maxBytes), 1 + more);
    read.asked = true;
    return read.chunk;
  }

  /** Reads ahead, from where that has got to behind `position`. */
  #goOn(position: number): void {
    let end = position;
    for (let next = this.#cache.peek(end); next !== undefined; next = this.#cache.peek(end))
      end = next.lastSeqNo;
    const room = this.#room();
    if (room === 0) return;
    const read = this.#reads.get(end);
    if (read !== undefined) this.#extend(read.chain, room);
    else if (this.#isMissing(end)) this.#start(end, this.#maxBytes, room);
  }

  #isMissing(position: number): boolean {
    return position < this.#tip() && !this.#reads.has(position) && this.#cache.peek(position) === undefined;
  }

  /** How many chunks more may be read ahead. */
  #room(): number {
    let underWay = 0;
    for (const { asked, chain } of this.#reads.values()) underWay += chain.waiting.length + (asked ? 0 : 1);
    const room = Math.min(MAX_AHEAD - this.#cache.ahead, this.#cache.roomAhead(this.#maxBytes));
    return Math.max(0, room - underWay);
  }

  /** One read after the other, each from where the one before ended, going by headers. */
  #start(position: number, bytes: number, count: number): Read {
    const chain: Chain = { lastId: 0, waiting: [], since: performance.now() };
    this.#launch(chain, count, (ids) => {
      this.#engine.native.read(ids, position, bytes);
      return true;
    });
    return this.#register(position, this.#toChunk(chain.waiting.shift()!, position), chain, bytes);
  }

  #extend(chain: Chain, count: number): void {
    this.#launch(chain, count, (ids) => this.#engine.native.readOn(ids, chain.lastId));
  }

  #launch(chain: Chain, count: number, start: (ids: number[]) => boolean): void {
    const { ids, jobs } = this.#engine.runAll<Found>(count, start);
    if (ids.length === 0) return;
    chain.lastId = ids.at(-1)!;
    for (const job of jobs) this.#measure(job, chain);
    chain.waiting.push(...jobs);
  }

  /** Counts a read, and its failure; who wants the logs has that too, or reads again. */
  #measure(job: Promise<Found>, chain: Chain): void {
    job.then(
      (found) => {
        if (found) this.#meter.read(found, chain.since);
        chain.since = performance.now();
      },
      () => {
        this.#meter.readsFailed++;
      },
    );
  }

  #register(position: number, chunk: Promise<Chunk>, chain: Chain, bytes: number): Read {
    const read: Read = { chunk, chain, asked: false };
    this.#reads.set(position, read);
    read.chunk.then(
      (chunk) => {
        this.#reads.delete(position);
        this.#cache.addRead(chunk, !read.asked);
        const { lastSeqNo } = chunk;
        if (chain.waiting.length > 0 && this.#isMissing(lastSeqNo))
          this.#register(lastSeqNo, this.#following(chain, lastSeqNo), chain, bytes);
        if (bytes === this.#maxBytes) this.#goOn(lastSeqNo);
      },
      () => this.#reads.delete(position), // Those who asked have the error; the next one reads again.
    );
    return read;
  }

  /**
   * The next chunk of a chain. If that was read from elsewhere, since the log ended or damage lay behind a header
   * that was whole, it is read again from where it is wanted.
   */
  async #following(chain: Chain, position: number): Promise<Chunk> {
    const found = await chain.waiting.shift()!.catch(() => undefined);
    if (found && found.prevSeqNo <= position && found.lastSeqNo > position)
      return this.#toChunk(found, position);
    const { native } = this.#engine;
    const again = this.#engine.run<Found>((id) => native.read([id], position, this.#maxBytes));
    this.#measure(again, chain);
    return this.#toChunk(again, position);
  }

  async #toChunk(finding: Found | Promise<Found>, position: number): Promise<Chunk> {
    const found = await finding;
    if (!found) {
      const message = `no log was found after ${position}, but the tip is ${this.#tip()}`;
      throw new WaldoError('WALDO_INTERNAL', message);
    }
    const { start, end, count, firstSeqNo, lastSeqNo, prevSeqNo } = found;
    return new Chunk(new Memory(found.buffer), start, end, count, firstSeqNo, lastSeqNo, prevSeqNo);
  }
}
