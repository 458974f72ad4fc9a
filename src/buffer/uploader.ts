import { Cursor } from '../cursor.js';
import type { DurableCursor } from '../durable-cursor.js';
import { abortedError, closedError, describe, invalidArgument, WaldoError } from '../errors.js';
import type { Logs } from '../log.js';
import { Ring } from '../ring.js';
import { decodeRingId } from '../ring-id.js';
import type { LogStream } from '../stream.js';
import { Waldo } from '../waldo.js';
import { checkMilliseconds } from './options.js';
import { RangePacker } from './range-packer.js';
import { shippedThrough } from './shipped-ranges.js';
import { Shipper } from './shipper.js';
import { publish } from './upload-channels.js';
import {
  type ResolvedUploaderOptions,
  resolveUploaderOptions,
  type UploaderOptions,
} from './upload-options.js';

/** What an uploader has done since it was started, and where it is. */
export interface UploaderStats {
  /** Logs that are stored and in the manifest. */
  readonly logs: number;
  /** Bytes of their data. */
  readonly bytes: number;
  readonly batches: number;
  /** Batches on their way. */
  readonly batchesInFlight: number;
  /** The logs up to this number are shipped, and no longer held. */
  readonly position: number;
  /** Sequence numbers between the position and the newest durable log. */
  readonly lag: number;
  /** Times that the store was tried again after a failure. */
  readonly retries: number;
  /** What the store failed with last. */
  readonly lastError: Error | undefined;
  /** Times that logs were not there any more. */
  readonly gaps: number;
}

/** Options of {@link Uploader.close}. */
export interface CloseOptions {
  /**
   * Whether what is durable now is shipped first.
   * @default true
   */
  readonly flush?: boolean;
  /**
   * Milliseconds for that; what is not shipped by then stays in the ring: 0 to 2^31−1.
   * @default 10000
   */
  readonly timeout?: number;
}

/** A call of `flush` that waits. */
interface Flush {
  readonly target: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Ships a ring's logs to object storage, in the process that writes it or in another: as batches that any consumer of
 * OpenData Buffer 0.2 can read, and from which {@link RingConsumer} restores the logs with their numbers.
 *
 * ```ts
 * await using uploader = await Uploader.start(waldo, { store });
 * uploader.finished.catch((error) => …); // it has given up
 * ```
 *
 * - **Durability**: a durable cursor holds the logs in the ring until the store has them *and* the manifest names them.
 *   Whatever ends the process, and whenever: the next uploader goes on from there. Nothing is lost; a batch may be
 *   shipped twice, if its entry was consumed before the cursor was committed.
 * - **Order**: the manifest gets a ring's logs in the order of their numbers, although uploads overlap.
 * - **When**: full batches at once; the rest of a page as soon as the page is sealed; the others `flushInterval` after
 *   the oldest of them came.
 * - **Failure**: while the store cannot be reached, the ring holds what is to be shipped, and the writer's option
 *   `whenFull` decides what appends do when it is full. A failure that will not pass ends the uploader.
 * - **Memory**: about (2 × `maxConcurrentUploads` + 1) × `flushSizeBytes`, twice that with `zstd`, if as much is
 *   appended; little if little is.
 */
export class Uploader implements AsyncDisposable {
  /**
   * Resolves when the uploader has ended: closed, aborted, or done without `follow`. Rejects if something went wrong
   * for good, for example with `WALDO_STORE`, `WALDO_TRIMMED` or `WALDO_IO`.
   */
  readonly finished: Promise<void>;
  readonly #ring: Ring;
  readonly #ownsRing: boolean;
  readonly #options: ResolvedUploaderOptions;
  readonly #cursor: DurableCursor;
  readonly #shipper: Shipper;
  readonly #packer: RangePacker;
  /** Fires when nothing more is read. */
  readonly #stop = new AbortController();
  /** The last log that was read, or the cursor's position. */
  #read: number;
  /** The open batch is to be sent, whatever its size. */
  #due = false;
  /** Everything is: there is nothing more to be read. */
  #draining = false;
  #timing = false;
  /** The page that was written to when it was last looked at, and the end of the one before. */
  #page: number;
  #sealedThrough = 0;
  /** Lets the reader go on. */
  #resume: (() => void) | undefined;
  #flushes: Flush[] = [];
  #failure: { readonly error: unknown } | undefined;
  #closing: Promise<void> | undefined;
  #gaps = 0;

  private constructor(
    ring: Ring,
    ownsRing: boolean,
    cursor: DurableCursor,
    options: ResolvedUploaderOptions,
  ) {
    const { environment, flushSizeBytes, signal } = options;
    this.#ring = ring;
    this.#ownsRing = ownsRing;
    this.#options = options;
    this.#cursor = cursor;
    this.#read = cursor.position;
    this.#page = ring.openPage;
    this.#packer = new RangePacker(decodeRingId(ring.metadata().ringId), flushSizeBytes, environment);
    this.#shipper = new Shipper(ring.directory, cursor, options, {
      onRoom: () => this.#send(),
      onCommit: () => this.#settleFlushes(),
      onFailure: (error) => this.#fail(error),
      onFree: (batch) => this.#packer.recycle(batch),
    });
    const abort = () => this.#end();
    signal?.addEventListener('abort', abort, { once: true });
    this.finished = this.#run().finally(() => signal?.removeEventListener('abort', abort));
  }

  /**
   * Starts to ship a ring's logs: one that is open, for writing or reading, or the one in a directory, which is opened
   * for reading and closed at the end. An uploader of an open ring is to be closed before the ring.
   * @throws (by rejection) {@link WaldoError} `WALDO_LOCKED` if another uploader has the cursor, naming who;
   * `WALDO_OPTION`; `WALDO_CURSOR`; `WALDO_ABORTED`; else as `Waldo.openReader` and `durableCursor`
   */
  static async start(source: Ring | string, options: UploaderOptions): Promise<Uploader> {
    const resolved = resolveUploaderOptions(options);
    if (resolved.signal?.aborted) throw abortedError('Uploader.start', resolved.signal.reason);
    if (typeof source !== 'string' && !(source instanceof Ring)) {
      throw invalidArgument(
        `Uploader.start expects an open ring or a directory; received ${describe(source)}`,
      );
    }
    const ownsRing = typeof source === 'string';
    const ring = ownsRing ? await Waldo.openReader(source) : source;
    try {
      const cursor = await openCursor(ring, resolved);
      if (!resolved.signal?.aborted) return new Uploader(ring, ownsRing, cursor, resolved);
      await cursor.close();
      throw abortedError('Uploader.start', resolved.signal.reason);
    } catch (error) {
      if (ownsRing) await ring.close();
      throw error;
    }
  }

  /** What was done so far, and where the uploader is; also after its end. */
  stats(): UploaderStats {
    return { ...this.#shipper.stats(), gaps: this.#gaps };
  }

  /**
   * Ships what is durable now; resolves when that is in the manifest, and the cursor is behind it.
   * @throws (by rejection) what the uploader ended with; `WALDO_CLOSED`
   */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#stop.signal.aborted) throw closedError('the uploader');
    if (!this.#options.follow) return this.finished;
    const target = this.#ring.prevSeqNo ?? 0;
    if (this.#cursor.position >= target) return;
    await new Promise<void>((resolve, reject) => {
      this.#flushes.push({ target, resolve, reject });
      this.#flushOpen();
      this.#send();
    });
  }

  /**
   * Ends the uploader. By default, what is durable now is shipped first, if the store takes it within `timeout`; what is
   * not shipped stays in the ring, held by the cursor, for the next uploader. Idempotent.
   * @throws (by rejection) what the uploader ended with before; `WALDO_OPTION`
   */
  close(options?: CloseOptions): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close({ flush = true, timeout = 10_000 }: CloseOptions = {}): Promise<void> {
    checkMilliseconds('timeout', timeout, 0);
    if (flush && !this.#stop.signal.aborted) {
      const { environment } = this.#options;
      const enough = new AbortController();
      const flushed = this.flush().catch(() => {}); // `finished` tells what went wrong.
      const late = environment.sleep(timeout, enough.signal).catch(() => {});
      await Promise.race([flushed, late]);
      enough.abort();
    }
    this.#end();
    await this.finished;
  }

  async #run(): Promise<void> {
    try {
      await this.#skipShipped();
      await this.#follow();
      // The stream of one who follows ends when the ring is closed: its cursor cannot be committed any more.
      if (!this.#options.follow) await this.#drain();
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#fail(error);
    }
    this.#end();
    await this.#shipper.close();
    // A ring that was closed before its uploader has closed the cursor.
    await this.#cursor.close();
    if (this.#ownsRing) await this.#ring.close();
    for (const { reject } of this.#flushes.splice(0))
      reject(this.#failure?.error ?? closedError('the uploader'));
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** What an earlier uploader has shipped without being able to commit it is not shipped again, where that shows. */
  async #skipShipped(): Promise<void> {
    const { store, manifestPath } = this.#options;
    const { manifest } = await this.#shipper.readManifest();
    const { ringId } = this.#ring.metadata();
    const through = shippedThrough(manifest, ringId, this.#read);
    const tip = this.#ring.prevSeqNo ?? 0;
    if (through > tip) {
      // New logs would get the same numbers, and consumers take them for logs that they have seen.
      const object = `${store.url}/${manifestPath}`;
      const message = `${object} has logs up to ${through} of ring ${ringId}, whose newest log is ${tip}: the ring has lost logs`;
      throw new WaldoError('WALDO_CORRUPT', message, { object, firstLost: tip + 1, lastLost: through });
    }
    if (through === this.#read) return;
    this.#read = through;
    await this.#cursor.commit(through);
    this.#settleFlushes();
  }

  /** Packs what the ring has, as long as there is memory for it, until the stream ends. */
  async #follow(): Promise<void> {
    let stream: LogStream = this.#cursor.query(this.#query);
    while (!this.#stop.signal.aborted) {
      try {
        for await (const logs of stream) {
          this.#pack(logs);
          await this.#room();
        }
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        stream = this.#ring.query(this.#goOnBehind(error), this.#query);
      }
    }
  }

  get #query() {
    return { wait: this.#options.follow, signal: this.#stop.signal };
  }

  /** Where to go on if the next logs are not there any more. */
  #goOnBehind(error: unknown): Cursor {
    const { onGap, store } = this.#options;
    if (!(error instanceof WaldoError) || onGap === undefined) throw error;
    const corrupt = error.code === 'WALDO_CORRUPT' && error.lastLost !== undefined;
    if (!corrupt && error.code !== 'WALDO_TRIMMED') throw error;
    const gap = { afterSeqNo: this.#read, error };
    this.#gaps++;
    publish('waldo:upload-gap', () => ({ ...gap, directory: this.#ring.directory, store: store.url }));
    onGap(gap);
    if (!corrupt) return Cursor.trim();
    this.#passLost(error.lastLost!);
    return Cursor.after(this.#read);
  }

  /** Behind lost logs there may be none for long: they are not waited for. */
  #passLost(lastLost: number): void {
    if (lastLost <= this.#read) return;
    this.#shipper.pass(this.#read, lastLost, this.#packer.open !== undefined || this.#packer.hasFull);
    this.#read = lastLost;
    this.#flushOpen();
    this.#send();
  }

  #pack(logs: Logs): void {
    this.#packer.add(logs);
    this.#read = logs.lastSeqNo;
    this.#sendSealed();
    this.#flushOpen();
    this.#send();
    this.#startTimer();
  }

  /** Once a page is sealed, and all of it is packed, nothing more is waited for. */
  #sendSealed(): void {
    const page = this.#ring.openPage;
    if (page !== this.#page) {
      this.#page = page;
      this.#sealedThrough = this.#ring.metadata().pages.findLast(({ sealed }) => sealed)?.lastSeqNo ?? 0;
    }
    const { open } = this.#packer;
    if (open === undefined || this.#read < this.#sealedThrough) return;
    if (open.firstSeqNo <= this.#sealedThrough) this.#due = true;
  }

  /** The open batch is due if it has the end of what somebody wants flushed. */
  #flushOpen(): void {
    const { open } = this.#packer;
    if (open === undefined) return;
    // A target that is less than all of them is of logs that are under way or, after a gap, nowhere.
    const idle = this.#shipper.batchesInFlight === 0;
    const wanted = ({ target }: Flush) => target <= this.#read && (idle || open.firstSeqNo <= target);
    if (this.#flushes.some(wanted)) this.#due = true;
  }

  /** One timer at a time, for the batch that is open. */
  #startTimer(): void {
    const { environment, flushInterval } = this.#options;
    const { open } = this.#packer;
    if (this.#timing || open === undefined || this.#due) return;
    this.#timing = true;
    const left = open.since + flushInterval - environment.monotonic();
    // The process may end meanwhile: what is not shipped stays in the ring.
    environment.sleep(Math.max(0, Math.ceil(left)), this.#stop.signal, true).then(
      () => {
        this.#timing = false;
        const { open } = this.#packer;
        if (open !== undefined && environment.monotonic() - open.since >= flushInterval) this.#due = true;
        this.#send();
        this.#startTimer();
      },
      () => {}, // It has been stopped.
    );
  }

  /** Sends what is full or due, as far as there is room; while there is none, the open batch goes on growing. */
  #send(): void {
    while (!this.#stop.signal.aborted && this.#hasDue && this.#shipper.hasRoom) {
      const full = this.#packer.hasFull;
      const batch = this.#packer.take()!;
      if (!full) this.#due = false;
      this.#shipper.ship(batch);
    }
    if (this.#hasRoom) this.#resume?.();
  }

  get #hasDue(): boolean {
    return this.#packer.hasFull || (this.#packer.open !== undefined && (this.#due || this.#draining));
  }

  #settleFlushes(): void {
    const { position } = this.#cursor;
    this.#flushes = this.#flushes.filter(({ target, resolve }) => {
      if (target <= position) resolve();
      return target > position;
    });
  }

  /** Whether more can be read; when there is nothing more, whether all is sent. */
  get #hasRoom(): boolean {
    return !this.#packer.hasFull && !(this.#draining && this.#packer.open !== undefined);
  }

  async #room(): Promise<void> {
    while (!this.#hasRoom && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    }
    this.#stop.signal.throwIfAborted();
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    this.#send();
    await this.#room();
    await this.#shipper.settled();
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#failure = { error };
    this.#end();
  }

  /** Nothing more is read or sent; what is under way is given up, and may be stored or not. */
  #end(): void {
    if (this.#stop.signal.aborted) return;
    const reason = closedError('the uploader');
    this.#stop.abort(reason);
    this.#shipper.abort(reason);
    this.#resume?.();
  }
}

/** A ring that is overwritten fast may have passed its oldest log before the cursor holds it. */
const ATTEMPTS = 100;

/** Opens the cursor; its start counts only if it is new. */
async function openCursor(ring: Ring, options: ResolvedUploaderOptions): Promise<DurableCursor> {
  const { cursor: name, start = Cursor.trim() } = options;
  for (let attempt = 1; ; attempt++) {
    const isNew = ring.metadata().cursors.every((cursor) => cursor.name !== name);
    try {
      return await ring.durableCursor(name, { hold: true, ...(isNew && { start }) });
    } catch (error) {
      const passed = isNew && start.kind === 'trim' && (error as WaldoError).code === 'WALDO_TRIMMED';
      if (!passed || attempt === ATTEMPTS) throw error;
    }
  }
}
