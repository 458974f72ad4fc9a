import { Cursor, type Logs, WaldoError, type WaldoReader } from '../index.js';
import { countOf } from '../units.js';
import { note } from './output.js';

/** Lost logs, both ends included; without a number where it is not known. */
export interface Gap {
  readonly page?: number;
  readonly offset?: number;
  readonly firstLost?: number;
  readonly lastLost?: number;
}

export function describeGap({ page, offset, firstLost, lastLost }: Gap): string {
  const place = page === undefined ? '' : ` (page ${page}, offset ${offset})`;
  if (firstLost === undefined && lastLost === undefined) return `some logs are lost${place}`;
  if (firstLost === undefined) return `logs up to ${lastLost} are lost${place}`;
  if (lastLost === undefined) return `logs from ${firstLost} on are lost${place}`;
  return firstLost === lastLost
    ? `log ${firstLost} is lost${place}`
    : `logs ${firstLost} to ${lastLost} are lost${place}`;
}

/** What a {@link SalvagingReader} does where it cannot go on as a matter of course. */
export interface SalvageOptions {
  /** Go on behind logs that are damaged. */
  readonly salvage?: boolean;
  /** Go on with the oldest log if the ring has overwritten what comes next. */
  readonly skipTrimmed?: boolean;
  /** At the tip, wait for more. */
  readonly wait?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Reads a ring as `query` and `tail` do, and goes on behind what is lost or overwritten, if that is wanted: it is
 * named on standard error when its place comes.
 */
export class SalvagingReader {
  /** Whether something was found to be damaged. */
  lost = false;
  readonly #reader: WaldoReader;
  readonly #cursor: Cursor;
  readonly #options: SalvageOptions;
  /** The last log delivered, or what precedes the first, past the gaps that were named. */
  #position: number | undefined;

  constructor(reader: WaldoReader, cursor: Cursor, options: SalvageOptions) {
    this.#reader = reader;
    this.#cursor = cursor;
    this.#options = options;
    this.#position = startOf(reader, cursor);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Logs> {
    const { gaps } = this.#reader.metadata().recovery;
    if (this.#cursor.kind === 'trim') this.#name(gaps.filter((gap) => !this.#isAhead(gap)));
    yield* this.#read(this.#cursor, false);
    this.#name(gaps.filter((gap) => this.#isAhead(gap)));
    if (this.#options.wait) yield* this.#read(this.#next(), true);
  }

  async *#read(start: Cursor, wait: boolean): AsyncGenerator<Logs> {
    const { signal } = this.#options;
    for (let cursor = start; ; cursor = this.#next()) {
      try {
        for await (const logs of this.#reader.query(cursor, { wait, ...(signal && { signal }) })) {
          yield logs;
          this.#position = logs.lastSeqNo;
        }
        return;
      } catch (error) {
        this.#pass(error);
      }
    }
  }

  /** Where to go on. Whoever has not read anything of a ring that was empty starts with what comes. */
  #next(): Cursor {
    return this.#position === undefined ? Cursor.trim() : Cursor.after(this.#position);
  }

  /** Moves behind an error; rethrows it unless it names logs ahead, and these are to be passed. */
  #pass(error: unknown): void {
    if (!(error instanceof WaldoError)) throw error;
    if (error.code === 'WALDO_CORRUPT' && this.#options.salvage) {
      if (!this.#isAhead(error) || error.lastLost === undefined) throw error;
      this.#name([error]);
      this.#position = error.lastLost;
    } else if (error.code === 'WALDO_TRIMMED') {
      const message = describeTrimmed(this.#position ?? 0, error.oldestSeqNo);
      if (!this.#options.skipTrimmed) throw new Error(message, { cause: error });
      note(message);
      this.#position = error.oldestSeqNo === undefined ? undefined : error.oldestSeqNo - 1;
    } else {
      throw error;
    }
  }

  #isAhead({ lastLost = Number.POSITIVE_INFINITY }: Gap): boolean {
    return lastLost > (this.#position ?? 0);
  }

  #name(gaps: readonly Gap[]): void {
    for (const gap of gaps) note(describeGap(gap));
    this.lost ||= gaps.length > 0;
  }
}

/** @param position the last log that was read, or what precedes the first */
export function describeTrimmed(position: number, oldest: number | undefined): string {
  if (oldest === undefined) return `the ring has overwritten all logs after ${position}, and holds none`;
  const first = position + 1;
  const last = oldest - 1;
  const range = first === last ? `log ${first}` : `logs ${first} to ${last}`;
  return `the ring has overwritten ${range} (${countOf(last - position, 'log')} lost); the oldest is ${oldest}`;
}

function startOf(reader: WaldoReader, cursor: Cursor): number | undefined {
  switch (cursor.kind) {
    case 'trim':
      return reader.prevSeqNo === undefined ? undefined : reader.metadata().afterSeqNo;
    case 'tip':
      return reader.prevSeqNo;
    case 'from':
      return Math.max(cursor.seqNo - 1, 0);
    case 'after':
      return cursor.seqNo;
  }
}
