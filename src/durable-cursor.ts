import { EventEmitter } from 'node:events';
import type { NativeCursor } from './binding.js';
import { Cursor } from './cursor.js';
import type { Engine } from './engine.js';
import { describe, invalidArgument, WaldoError } from './errors.js';
import type { QueryOptions, TailOptions } from './ring.js';
import type { LogStream } from './stream.js';

/** Options of {@link Waldo.durableCursor}. */
export interface DurableCursorOptions {
  /**
   * Whether pages with logs that the cursor has not passed are kept from reuse; what appends do meanwhile is the
   * ring's option `whenFull`.
   * @default false for a new cursor, and as it was for an existing one
   */
  readonly hold?: boolean;
  /**
   * Where a new cursor starts; an existing one goes on where it is.
   * @default `Cursor.trim()`
   */
  readonly start?: Cursor;
}

/** A durable cursor of a ring as its file says. */
export interface CursorInfo {
  readonly name: string;
  /** The logs up to this number are done with; 0 before all. */
  readonly position: number;
  /** Sequence numbers between the position and the newest durable log. */
  readonly lag: number;
  readonly hold: boolean;
  /** Its position is lost, or it belongs to another ring: until it is deleted, it holds everything. */
  readonly damaged: boolean;
}

/** What a cursor needs of its ring. */
export interface CursorHost {
  readonly engine: Engine;
  readonly tip: number;
  /** Whether the ring still has its very first page. */
  readonly whole: boolean;
  query(cursor: Cursor, options?: QueryOptions): LogStream;
  /** A cursor has moved or is gone. */
  cursorsChanged(): void;
  closed(cursor: DurableCursor): void;
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** @throws {@link WaldoError} `WALDO_CURSOR` */
export function checkCursorName(name: unknown): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  throw new WaldoError(
    'WALDO_CURSOR',
    `a cursor's name is 1 to 64 letters, digits, "-" and "_"; received ${describe(name)}`,
  );
}

interface Commit {
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A reading position with a name that survives crashes. Consumers read from `tail()`, and `commit` what they are
 * done with; after a crash they go on behind the last commit that settled, or one that was under way. While it is
 * open, nobody else can open it, in this process or another.
 *
 * `'trimmed'` is emitted, with an error `WALDO_TRIMMED` that names the oldest log, when the ring has overwritten
 * logs that the cursor had not passed: always possible without `hold`, and with it if `whenFull` is `'overwrite'`.
 */
export class DurableCursor extends EventEmitter<{ trimmed: [error: WaldoError] }> implements AsyncDisposable {
  readonly name: string;
  readonly hold: boolean;
  readonly #host: CursorHost;
  #position: number;
  /** The highest position asked for. */
  #wanted: number;
  #waiting: Commit[] = [];
  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #trimmedAt = 0;

  /** @internal */
  constructor(host: CursorHost, { name, position, hold }: NativeCursor) {
    super();
    this.#host = host;
    this.name = name;
    this.hold = hold;
    this.#position = this.#wanted = position;
  }

  /** The last position that is durable: the logs up to it are done with; 0 before all. */
  get position(): number {
    return this.#position;
  }

  /** Sequence numbers between the position and the newest durable log. */
  get lag(): number {
    return Math.max(0, this.#host.tip - this.#position);
  }

  /**
   * Reads from the position to the tip, and ends there, as {@link Waldo.query}.
   * @throws {@link WaldoError} `WALDO_TRIMMED` (by the first `next()`) if the ring has passed the position;
   * `WALDO_CLOSED`
   */
  query(options?: QueryOptions): LogStream {
    if (this.#closing !== undefined) throw this.#closedError();
    const start = this.#position === 0 && this.#host.whole ? Cursor.trim() : Cursor.after(this.#position);
    return this.#host.query(start, options);
  }

  /** Reads from the position and waits for more at the tip, as {@link Waldo.tail}. */
  tail(options?: TailOptions): LogStream {
    return this.query({ ...options, wait: true });
  }

  /**
   * Moves the position: the logs up to `seqNo` are done with.
   *
   * **Durability**: settles once the position survives a crash. Commits that come while one is under way share the
   * next write; only the newest position is written. What is durable already settles at once, without a turn of the
   * event loop: a loop of nothing but commits has to pause, or nothing else runs.
   *
   * **Isolation**: positions only grow. A position is never durable before its commit was called.
   * @param seqNo from the position committed last to the newest durable log
   * @throws (by rejection) {@link WaldoError} `WALDO_CURSOR` if it goes backwards or lies beyond the tip;
   * `WALDO_CLOSED`; `WALDO_IO`
   */
  async commit(seqNo: number): Promise<void> {
    if (!Number.isSafeInteger(seqNo) || seqNo < 0)
      throw new WaldoError('WALDO_CURSOR', `commit expects a sequence number; received ${describe(seqNo)}`);
    if (this.#closing !== undefined) throw this.#closedError();
    if (seqNo < this.#wanted)
      throw new WaldoError(
        'WALDO_CURSOR',
        `cursor ${this.name} cannot go back to ${seqNo}: it is at ${this.#wanted}`,
      );
    if (seqNo > this.#host.tip)
      throw new WaldoError(
        'WALDO_CURSOR',
        `cursor ${this.name} cannot be at ${seqNo}: the newest log is ${this.#host.tip}`,
      );
    if (seqNo === this.#position && this.#writing === undefined) return;
    this.#wanted = seqNo;
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ position: seqNo, resolve, reject });
    });
    this.#writing ??= this.#write();
    await done;
  }

  /** Deletes the cursor; what it held is free. */
  async delete(): Promise<void> {
    if (this.#closing !== undefined) throw this.#closedError();
    this.#closing = this.#finish((engine) =>
      engine.run<void>((id) => engine.native.deleteCursor(id, this.name)),
    );
    await this.#closing;
    this.#host.cursorsChanged();
  }

  /** Waits for commits under way, and lets others open the cursor. A holding one goes on holding. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#finish((engine) =>
      engine.run<void>((id) => engine.native.closeCursor(id, this.name)),
    );
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * The ring no longer has the logs up to `afterSeqNo`.
   * @internal
   */
  passed(afterSeqNo: number, error: () => WaldoError): void {
    if (this.#position >= afterSeqNo || this.#trimmedAt > this.#position) return;
    this.#trimmedAt = afterSeqNo;
    // What listeners do must not get between the parts of an append that is under way.
    process.nextTick(() => this.emit('trimmed', error()));
  }

  async #finish(last: (engine: Engine) => Promise<void>): Promise<void> {
    await this.#writing;
    this.#host.closed(this);
    await last(this.#host.engine);
  }

  /** Writes the newest position as long as there is one that is not durable. Never rejects. */
  async #write(): Promise<void> {
    const { engine } = this.#host;
    while (this.#waiting.length > 0) {
      const commits = this.#waiting;
      this.#waiting = [];
      const { position } = commits.at(-1)!;
      try {
        await engine.run<void>((id) => engine.native.commitCursor(id, this.name, position));
        this.#position = position;
        for (const { resolve } of commits) resolve();
        this.#host.cursorsChanged();
      } catch (error) {
        // A later commit of the same position is to be written.
        this.#wanted = this.#position;
        for (const { reject } of commits) reject(error);
      }
    }
    this.#writing = undefined;
  }

  #closedError(): WaldoError {
    return new WaldoError('WALDO_CLOSED', `cursor ${this.name} is closed`);
  }
}

/** The durable cursors of an open ring. */
export class DurableCursors {
  readonly #host: CursorHost;
  readonly #open = new Map<string, DurableCursor>();
  #after = 0;

  constructor(host: Omit<CursorHost, 'closed'>) {
    this.#host = Object.assign(Object.create(host) as CursorHost, {
      closed: (cursor: DurableCursor) => void this.#open.delete(cursor.name),
    });
  }

  get any(): boolean {
    return this.#open.size > 0;
  }

  /** @param startsAt what the start of a new one comes to */
  async open(name: string, options: DurableCursorOptions, startsAt: number): Promise<DurableCursor> {
    const { engine } = this.#host;
    const opened = await engine.run<NativeCursor>((id) =>
      engine.native.openCursor(id, name, options.hold, startsAt),
    );
    const cursor = new DurableCursor(this.#host, opened);
    this.#open.set(name, cursor);
    return cursor;
  }

  /** Tells those who have lost logs. */
  passed(afterSeqNo: number, error: (position: number) => WaldoError): void {
    if (afterSeqNo === this.#after) return;
    this.#after = afterSeqNo;
    for (const cursor of this.#open.values()) cursor.passed(afterSeqNo, () => error(cursor.position));
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open.values()].map((cursor) => cursor.close()));
  }
}

/** @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`, `WALDO_CURSOR` */
export function checkCursorOptions(options: DurableCursorOptions | undefined): DurableCursorOptions {
  const { hold, start } = options ?? {};
  if (hold !== undefined && typeof hold !== 'boolean')
    throw invalidArgument(`option hold of durableCursor is true or false; received ${describe(hold)}`);
  if (start !== undefined && !(start instanceof Cursor))
    throw new WaldoError(
      'WALDO_CURSOR',
      `option start of durableCursor is a cursor; received ${describe(start)}`,
    );
  return { ...(hold !== undefined && { hold }), ...(start !== undefined && { start }) };
}
