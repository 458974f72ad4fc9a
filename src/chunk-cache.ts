import { Fifo } from './fifo.js';
import type { Chunk } from './log.js';
import type { Frame } from './slab.js';

/**
 * The chunks that readers find in memory: the newest frames, in the order of their commits, and the chunks
 * read from disk last, whichever they are.
 */
export class ChunkCache {
  readonly #release: (frame: Frame) => void;

  readonly #newest = new Fifo<Frame>();
  readonly #newestLimit: number;
  #newestBytes = 0;
  /** The ordinal that the next frame gets. */
  #nextOrdinal = 0;

  /** The most recently used one last. */
  readonly #read: Chunk[] = [];
  readonly #readLimit: number;
  #readBytes = 0;
  /** Of the chunks read from disk, those that were read ahead and that nobody has wanted yet. */
  readonly #ahead = new Set<Chunk>();
  #aheadBytes = 0;

  /** @param release is called for frames that leave the cache, or never get into it. */
  constructor(cacheBytes: number, release: (frame: Frame) => void) {
    this.#release = release;
    this.#readLimit = Math.floor(cacheBytes / 4);
    this.#newestLimit = cacheBytes - this.#readLimit;
  }

  /** Bytes of memory that it keeps. */
  get bytes(): number {
    return this.#newestBytes + this.#readBytes;
  }

  /** Takes a frame that has become durable. The oldest ones make room for it. */
  add(frame: Frame): void {
    frame.ordinal = this.#nextOrdinal++;
    frame.cached = true;
    this.#newest.push(frame);
    this.charge(frame.cost);
  }

  /** More memory is held by the newest frames than was said. */
  charge(bytes: number): void {
    this.#newestBytes += bytes;
    while (this.#newestBytes > this.#newestLimit && this.#newest.length > 0) this.#evict();
  }

  #evict(): void {
    const frame = this.#newest.shift();
    frame.cached = false;
    this.#newestBytes -= frame.cost;
    this.#release(frame);
  }

  /**
   * The frame among the newest that holds the log after `position`, if there is one.
   * @param hint the ordinal of the frame that it probably is.
   */
  frameAfter(position: number, hint: number): Frame | undefined {
    const frames = this.#newest;
    const first = this.#nextOrdinal - frames.length;
    let frame = hint >= first && hint < this.#nextOrdinal ? frames.at(hint - first) : undefined;
    if (frame === undefined || position < frame.prevSeqNo || position >= frame.lastSeqNo) {
      frame = this.#search(position);
    }
    return frame?.slab.memory.detached ? undefined : frame;
  }

  #search(position: number): Frame | undefined {
    const frames = this.#newest;
    if (frames.length === 0 || position < frames.at(0).prevSeqNo) return undefined;
    let low = 0;
    let high = frames.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (frames.at(middle).lastSeqNo > position) high = middle;
      else low = middle + 1;
    }
    return low < frames.length ? frames.at(low) : undefined;
  }

  /** What holds the log after `position`, whether it was read from disk or not; it does not count as used. */
  peek(position: number): { readonly lastSeqNo: number } | undefined {
    const frame = this.frameAfter(position, -1);
    return frame ?? this.#read.find((chunk) => position >= chunk.prevSeqNo && position < chunk.lastSeqNo);
  }

  /** Chunks that were read ahead, and that nobody has wanted yet. */
  get ahead(): number {
    return this.#ahead.size;
  }

  /** How many chunks more may be read ahead: what others read must not drive them out before they are wanted. */
  roomAhead(bytes: number): number {
    return Math.floor((this.#readLimit / 2 - this.#aheadBytes) / bytes);
  }

  /** Somebody wants the chunk; returns whether it had been read ahead, and nobody had wanted it before. */
  claim(chunk: Chunk): boolean {
    if (!this.#ahead.delete(chunk)) return false;
    this.#aheadBytes -= chunk.memory.size;
    return true;
  }

  /** Keeps a chunk that was read from disk. The ones not used for longest make room for it. */
  addRead(chunk: Chunk, ahead = false): void {
    if (ahead) {
      this.#ahead.add(chunk);
      this.#aheadBytes += chunk.memory.size;
    }
    this.#read.push(chunk);
    this.#readBytes += chunk.memory.size;
    while (this.#readBytes > this.#readLimit) this.#dropRead(0);
  }

  /** The chunk read from disk that holds the log after `position`, if there is one. */
  readAfter(position: number): Chunk | undefined {
    const chunks = this.#read;
    for (let i = chunks.length - 1; i >= 0; i--) {
      const chunk = chunks[i]!;
      if (position < chunk.prevSeqNo || position >= chunk.lastSeqNo) continue;
      if (chunk.memory.detached) {
        this.#dropRead(i);
        continue;
      }
      chunks.push(...chunks.splice(i, 1));
      return chunk;
    }
    return undefined;
  }

  #dropRead(index: number): void {
    const [chunk] = this.#read.splice(index, 1);
    this.claim(chunk!);
    this.#readBytes -= chunk!.memory.size;
  }

  clear(): void {
    while (this.#newest.length > 0) this.#evict();
    this.#read.length = 0;
    this.#ahead.clear();
    this.#aheadBytes = 0;
    this.#readBytes = 0;
  }
}
