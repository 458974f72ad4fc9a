import type { NativeBounds, NativeChunk, NativeEngine } from './binding.js';
import { Histogram, type LatencyHistogram } from './histogram.js';
import type { Frame } from './slab.js';
import { commitChannel, microsecondsSince, readChannel, rotateChannel, trimChannel } from './telemetry.js';

/** What an open ring has done for its readers. Counts start when the ring is opened. */
export interface ReaderStats {
  /** The newest durable log; 0 while there is none. */
  readonly tip: number;
  /** Chunks read from disk, those read ahead included. */
  readonly reads: number;
  /** Bytes of packed logs in them. */
  readonly readBytes: number;
  /** Reads that failed; also those that came too late, since the ring had overwritten the logs. */
  readonly readsFailed: number;
  /** How long reads from disk took until the logs were there, checked: microseconds. */
  readonly readLatency: LatencyHistogram;
  /** Bytes of memory that the chunks kept for readers take; at most `cacheBytes`. */
  readonly cacheBytes: number;
  /** Deliveries from memory. */
  readonly cacheHits: number;
  /** Times that a stream had to wait for a read from disk, its own or one that others had started. */
  readonly cacheMisses: number;
  /** Chunks that streams have handed out: one chunk to a thousand streams is a thousand deliveries. */
  readonly deliveries: number;
  /** Streams that are not over. One that is dropped in the middle, without `return()`, counts until the ring is closed. */
  readonly streamsOpen: number;
  /** Streams whose consumer waits for logs to come. */
  readonly streamsWaiting: number;
}

/** What an open ring has done, and what it is about to do. Counts start when the ring is opened. */
export interface WaldoStats extends ReaderStats {
  /** Calls of `append` and `appendSync` that were acknowledged. */
  readonly appends: number;
  /** Those that were refused, aborted or failed. */
  readonly appendsFailed: number;
  /** Those that are neither yet. */
  readonly appendsPending: number;
  /** Of the pending ones, those that wait for room, and have not or not entirely been packed. */
  readonly appendsWaiting: number;
  /** Logs that have become durable. */
  readonly logs: number;
  /** Bytes of packed logs that have become durable: 24 more than their data each, rounded up to a multiple of 8. */
  readonly bytes: number;
  /** Frames that have become durable: what is packed, checksummed and atomic together. */
  readonly frames: number;
  /** Times that frames were found to be durable, however many together. (`metadata().commits` counts writes.) */
  readonly commits: number;
  /** Frames on their way to the disk; at most `queueDepth`. */
  readonly framesInFlight: number;
  /** Slabs with logs that are not durable yet; at most `poolSize`. */
  readonly slabsInUse: number;
  /**
   * Of each append: from when the frame with its last log was begun to when it was acknowledged, in microseconds.
   * For those that came later to the frame, it was less. It leaves out how long appends waited for room.
   */
  readonly appendLatency: LatencyHistogram;
  /** Of each frame: from when it was handed to the writing thread to when its appends were told, in microseconds. */
  readonly commitLatency: LatencyHistogram;
}

/** What a writer's stats say beyond those of a reader. */
export type AppendStats = Omit<WaldoStats, keyof ReaderStats>;

/** What is on its way. */
type UnderWay = Pick<AppendStats, 'appendsPending' | 'appendsWaiting' | 'framesInFlight' | 'slabsInUse'>;

/** Counts what readers get, and tells those who listen. */
export class ReadMeter {
  readonly directory: string;
  reads = 0;
  readBytes = 0;
  readsFailed = 0;
  readonly readLatency = new Histogram();
  /** Deliveries from memory, and those of chunks that were waited for. */
  hits = 0;
  fromDisk = 0;
  misses = 0;
  streams = 0;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** A chunk has been read; what was waited for began at `start`, by `performance.now()`. */
  read(chunk: NativeChunk, start: number): void {
    const microseconds = microsecondsSince(start);
    const { firstSeqNo, lastSeqNo } = chunk;
    const bytes = chunk.end - chunk.start;
    this.reads++;
    this.readBytes += bytes;
    this.readLatency.record(microseconds);
    if (!readChannel.hasSubscribers) return;
    readChannel.publish({ directory: this.directory, bytes, firstSeqNo, lastSeqNo, microseconds });
  }
}

/** Counts what becomes durable, and tells those who listen. */
export class CommitMeter {
  /** Calls of `append` and `appendSync` that were refused before they had begun. */
  refused = 0;
  /** Those that were not. */
  accepted = 0;
  /** Of these, those that are durable. */
  appends = 0;
  logs = 0;
  bytes = 0;
  frames = 0;
  commits = 0;
  readonly appendLatency = new Histogram();
  readonly commitLatency = new Histogram();

  readonly #directory: string;
  readonly #native: NativeEngine;
  /** The ring as it was told last; `undefined` while nobody listens. */
  #bounds: NativeBounds | undefined;

  constructor(directory: string, native: NativeEngine) {
    this.#directory = directory;
    this.#native = native;
    this.#watchRing();
  }

  snapshot(underWay: UnderWay): AppendStats {
    const { accepted, refused, appends, logs, bytes, frames, commits } = this;
    return {
      appends,
      appendsFailed: refused + accepted - appends - underWay.appendsPending,
      ...underWay,
      logs,
      bytes,
      frames,
      commits,
      appendLatency: this.appendLatency.snapshot(),
      commitLatency: this.commitLatency.snapshot(),
    };
  }

  /** Frames have become durable. Their appends have not been told yet. */
  count(durable: readonly Frame[]): void {
    const now = performance.now();
    for (const frame of durable) {
      this.appends += frame.appends;
      this.logs += frame.count;
      this.bytes += frame.logBytes;
      this.appendLatency.record((now - frame.begunAt) * 1000, frame.appends);
      this.commitLatency.record((now - frame.submittedAt) * 1000);
    }
    this.frames += durable.length;
    this.commits++;
  }

  /** Tells of frames that have been counted. Who listens may append: never call it in the middle of an append. */
  publish(durable: readonly Frame[]): void {
    if (commitChannel.hasSubscribers) {
      commitChannel.publish({
        directory: this.#directory,
        frames: durable.length,
        logs: durable.reduce((sum, frame) => sum + frame.count, 0),
        bytes: durable.reduce((sum, frame) => sum + frame.logBytes, 0),
        firstSeqNo: durable[0]!.firstSeqNo,
        lastSeqNo: durable.at(-1)!.lastSeqNo,
        microseconds: microsecondsSince(durable[0]!.submittedAt),
      });
    }
    this.#watchRing();
  }

  /** Native code turns pages on its own: as long as somebody listens, it is asked after each commit. */
  #watchRing(): void {
    if (!rotateChannel.hasSubscribers && !trimChannel.hasSubscribers) {
      this.#bounds = undefined;
      return;
    }
    const before = this.#bounds;
    const bounds = this.#native.bounds();
    this.#bounds = bounds;
    if (before === undefined) return;
    if (bounds.page !== before.page && rotateChannel.hasSubscribers)
      this.#tellRotations(before.page, bounds.page);
    if (bounds.afterSeqNo !== before.afterSeqNo && trimChannel.hasSubscribers)
      trimChannel.publish({ directory: this.#directory, afterSeqNo: bounds.afterSeqNo });
  }

  #tellRotations(before: number, newest: number): void {
    const { pages, ringSize } = this.#native.metadata();
    for (let page = before + 1; page <= newest; page++) {
      const sealed = pages.find((candidate) => candidate.page === page - 1);
      const slot = page % ringSize;
      rotateChannel.publish({
        directory: this.#directory,
        page,
        slot,
        sealed,
      });
    }
  }
}
