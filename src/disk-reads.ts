import type { NativeChunk } from './binding.js';
import type { ChunkCache } from './chunk-cache.js';
import type { Engine } from './engine.js';
import { WaldoError } from './errors.js';
import { Chunk } from './log.js';
import { Memory } from './log-format.js';

interface Read {
  readonly chunk: Promise<Chunk>;
  /** Whether somebody wants it; otherwise it is read ahead. */
  asked: boolean;
}

/**
 * Reads from disk: one for all who want the same logs, and one ahead of those who read on and on, so that the
 * disk is busy while they look at what it delivered.
 */
export class DiskReads {
  readonly #engine: Engine;
  readonly #cache: ChunkCache;
  readonly #maxBytes: number;
  readonly #tip: () => number;
  /** Those under way, by the position after which they read. */
  readonly #reads = new Map<number, Read>();

  /** @param maxBytes that one read returns at most; only such reads are followed by one ahead. */
  constructor(engine: Engine, cache: ChunkCache, maxBytes: number, tip: () => number) {
    this.#engine = engine;
    this.#cache = cache;
    this.#maxBytes = maxBytes;
    this.#tip = tip;
  }

  /** The logs after `position`, if they are in memory because they have been read. */
  cached(position: number): Chunk | undefined {
    const chunk = this.#cache.readAfter(position);
    if (chunk !== undefined && this.#cache.claim(chunk)) this.#goOn(chunk);
    return chunk;
  }

  /** Reads the logs after `position`; all who ask for the same meanwhile share the answer. */
  read(position: number, bytes: number): Promise<Chunk> {
    const read = this.#reads.get(position) ?? this.#start(position, Math.min(bytes, this.#maxBytes));
    read.asked = true;
    return read.chunk;
  }

  #start(position: number, bytes: number): Read {
    const read: Read = { chunk: this.#fetch(position, bytes), asked: false };
    this.#reads.set(position, read);
    read.chunk.then(
      (chunk) => {
        this.#reads.delete(position);
        this.#cache.addRead(chunk, !read.asked);
        // Who has worked his way up to the longest reads will go on.
        if (read.asked && bytes === this.#maxBytes) this.#goOn(chunk);
      },
      () => this.#reads.delete(position), // Those who asked have the error; the next one reads again.
    );
    return read;
  }

  /** Reads what comes after a chunk before somebody asks for it. */
  #goOn({ lastSeqNo }: Chunk): void {
    if (lastSeqNo >= this.#tip() || this.#reads.has(lastSeqNo) || this.#cache.holds(lastSeqNo)) return;
    let ahead = 1;
    for (const read of this.#reads.values()) if (!read.asked) ahead++;
    if (this.#cache.hasRoomAhead(ahead * this.#maxBytes)) this.#start(lastSeqNo, this.#maxBytes);
  }

  async #fetch(position: number, bytes: number): Promise<Chunk> {
    const { native } = this.#engine;
    const found = await this.#engine.run<NativeChunk | null>((id) => native.read(id, position, bytes));
    if (found === null) {
      const message = `no log was found after ${position}, but the tip is ${this.#tip()}`;
      throw new WaldoError('WALDO_INTERNAL', message);
    }
    const { start, end, count, firstSeqNo, lastSeqNo, prevSeqNo } = found;
    return new Chunk(new Memory(found.buffer), start, end, count, firstSeqNo, lastSeqNo, prevSeqNo);
  }
}
