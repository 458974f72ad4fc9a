import { readSignal } from './abort.js';
import { Admission } from './admission.js';
import { Appender } from './appender.js';
import type { Batch, LogBatch } from './batch.js';
import { type Binding, loadBinding } from './binding.js';
import { describe, invalidArgument } from './errors.js';
import { FrameWriter } from './frame-writer.js';
import { resolveOptions, type WaldoOptions, type WaldoReaderOptions } from './options.js';
import { packedTotal } from './payload.js';
import { openWaldoReader, type WaldoReader } from './reader.js';
import { type OpenRing, openRing, Ring } from './ring.js';
import { SlabPool } from './slab.js';
import type { WaldoStats } from './stats.js';
import { type AppendContext, appendTracing, traceAppend, traceAppendSync } from './telemetry.js';

/** Options of {@link Waldo.append}. */
export interface AppendOptions {
  /**
   * Aborts the append as long as it waits for room: it rejects with `WALDO_ABORTED`, and nothing is appended.
   */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds that the append may wait for room, 0 to 2^31−1: then it rejects with `WALDO_FULL`, and nothing is
   * appended.
   * @default no limit
   */
  readonly timeout?: number;
}

/**
 * A ring open for writing and reading. There is one writer of a ring at a time.
 *
 * ```ts
 * await using waldo = await Waldo.open('./ring');
 * await waldo.append(['a string', Buffer.from('bytes')]);
 * for await (const logs of waldo.query(Cursor.trim())) {
 *   for (const log of logs) console.log(log.seqNo, log.text());
 * }
 * ```
 */
export class Waldo extends Ring {
  readonly #appender: Appender;

  /** @internal */
  constructor(ring: OpenRing) {
    const { engine, opened, options } = ring;
    const pool = new SlabPool(() => engine.native.allocate(), options.native.poolSize);
    super(ring, (frame) => pool.release(frame));
    const limits = {
      alignment: opened.alignment,
      bufCapacity: opened.bufCapacity,
      pageCapacity: options.native.pageCapacity,
      queueDepth: options.native.queueDepth,
    };
    const { fileCapacity, ringSize } = opened;
    const { honourHolds } = options.native;
    const admission = honourHolds ? new Admission(engine, { ...limits, fileCapacity, ringSize }) : undefined;
    const writer = new FrameWriter(engine, pool, this.feed.cache, limits, opened.tipSeqNo, admission);
    const holds = admission && { admission, wait: options.whenFull === 'wait' };
    this.#appender = new Appender(engine, this.feed, writer, this.aborts, opened.maxLogBytes, holds);
  }

  /**
   * Opens the ring in a directory for writing; creates it, and the directory, if there is none.
   *
   * After a crash, what was acknowledged is there, and what follows the last complete commit is removed; see
   * `metadata().recovery`.
   * @throws {@link WaldoError} `WALDO_LOCKED` if somebody has it open for writing, naming who;
   * `WALDO_CORRUPT` if acknowledged logs are lost (then `salvage: true` opens what is left); `WALDO_OPTION`;
   * `WALDO_VERSION`; `WALDO_IO`; `WALDO_INVALID_ARGUMENT`
   */
  static async open(directory: string, options?: WaldoOptions): Promise<Waldo> {
    return openWaldo(loadBinding(), directory, options);
  }

  /**
   * Opens a ring that nobody writes for reading. It takes no lock and changes nothing.
   * @throws {@link WaldoError} `WALDO_NOT_FOUND` if there is no ring; `WALDO_LOCKED` if somebody has it open
   * for writing; else as `open`
   */
  static async openReader(directory: string, options?: WaldoReaderOptions): Promise<WaldoReader> {
    return openWaldoReader(loadBinding(), directory, options);
  }

  /**
   * Appends logs, and settles once they are durable.
   *
   * Payloads, that is strings and `Uint8Array`s, get the next sequence numbers. Explicit logs, `{seqNo,
   * prevSeqNo, data}`, are appended only if the first one's `prevSeqNo` is the ring's last number at the time
   * of the call, appends under way included; numbers must grow, and may leave gaps. A batch is all the one or
   * all the other. Strings are stored as UTF-8; lone surrogates become U+FFFD. The empty batch is fine.
   *
   * **Atomicity**: a batch that fits one slab (`bufCapacity` bytes less 96, each log taking 24 bytes and its
   * data rounded up to a multiple of 8) and has at most `pageCapacity` logs is there whole after a crash, or
   * not at all. A larger one is written in parts in order, each of which is.
   *
   * **Durability**: when the promise resolves, the logs survive a crash of the process and, with
   * `fileODsync`, the loss of power. When it rejects with `WALDO_IO`, they may be there or not; the ring is
   * then latched: every append under way or to come rejects with the same error until the ring is opened
   * again. Reads go on.
   *
   * **Isolation**: appends take effect in the order of their calls. Any number may be under way; those that
   * come while a commit is in flight share the next. Readers see a log once it is durable.
   *
   * **Cancellation**: payloads are copied before the call returns if there is room; else the append waits in
   * line, and payloads must not be modified before it settles. While it waits, `signal` aborts it and `timeout` ends
   * it; later, they have no effect. Room is slabs on their way to the disk and, with `whenFull: 'wait'`, pages that no
   * durable cursor holds.
   *
   * @returns the sequence number of the last log; for an empty batch, that of the ring's newest durable log,
   * or 0.
   * @throws (by rejection) {@link SequenceError} `WALDO_SEQUENCE`, `WALDO_CONFLICT`; {@link WaldoError}
   * `WALDO_INVALID_ARGUMENT`, `WALDO_EXCEEDS_LIMIT`, `WALDO_ABORTED`, `WALDO_CLOSED`, `WALDO_IO`, `WALDO_FULL`
   */
  append(logs: LogBatch, options?: AppendOptions): Promise<number> {
    try {
      const signal = readSignal(options, 'append');
      const timeout = readTimeout(options);
      const batch = this.#appender.read(logs);
      if (appendTracing.hasSubscribers) return this.#traced(batch, signal, timeout);
      return this.#appender.append(batch, signal, timeout);
    } catch (error) {
      this.#appender.refused();
      return Promise.reject(error);
    }
  }

  /**
   * Appends logs and returns once they are durable, blocking the thread meanwhile: for the lowest latency,
   * and for exit hooks, where nothing asynchronous runs any more. It takes its place behind appends under
   * way, and makes them durable too. Otherwise it is as {@link append}.
   * @returns the sequence number of the last log
   * @throws as `append` rejects
   */
  appendSync(logs: LogBatch): number {
    try {
      const batch = this.#appender.read(logs);
      if (!appendTracing.hasSubscribers) return this.#appender.appendSync(batch);
      return traceAppendSync(this.#context(batch, true), () => this.#appender.appendSync(batch));
    } catch (error) {
      this.#appender.refused();
      throw error;
    }
  }

  /** As of a reader; and what has been appended since the ring was opened, and what is on its way. */
  override stats(): WaldoStats {
    return { ...this.#appender.stats(), ...super.stats() };
  }

  #traced(batch: Batch, signal: AbortSignal | undefined, timeout: number | undefined): Promise<number> {
    return traceAppend(this.#context(batch, false), () => {
      try {
        return this.#appender.append(batch, signal, timeout);
      } catch (error) {
        this.#appender.refused();
        return Promise.reject(error);
      }
    });
  }

  #context(batch: Batch, sync: boolean): AppendContext {
    const bytes = batch.exact ? batch.bytes : packedTotal(batch.payloads);
    return { directory: this.directory, logs: batch.length, bytes, sync };
  }

  /** @internal */
  protected override cursorsChanged(): void {
    this.#appender.retry();
  }

  /** @internal */
  protected override drain(): Promise<void> {
    return this.#appender.close();
  }
}

const MAX_TIMEOUT = 2 ** 31 - 1;

function readTimeout(options: AppendOptions | undefined): number | undefined {
  const timeout: unknown = options?.timeout;
  if (timeout === undefined) return undefined;
  if (typeof timeout === 'number' && timeout >= 0 && timeout <= MAX_TIMEOUT) return timeout;
  throw invalidArgument(
    `option timeout of append is from 0 to ${MAX_TIMEOUT} milliseconds; received ${describe(timeout)}`,
  );
}

/**
 * Opens a ring on an engine of one's choice.
 * @internal
 */
export async function openWaldo(binding: Binding, directory: string, options: unknown): Promise<Waldo> {
  return new Waldo(await openRing(binding, directory, resolveOptions(options)));
}
