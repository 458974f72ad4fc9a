import { Cursor, type Logs, WaldoError, type WaldoReader } from '../index.js';
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

/**
 * Reads a ring as `query` does. With `salvage` it goes on behind what is lost, and names it on standard error
 * when it comes there.
 */
export class SalvagingQuery {
  /** Whether something was found to be lost. */
  lost = false;
  #position: number;

  constructor(
    readonly reader: WaldoReader,
    readonly cursor: Cursor,
    readonly salvage: boolean,
    readonly signal?: AbortSignal,
  ) {
    this.#position = startOf(reader, cursor);
  }

  /** The last log delivered, or what precedes the first; past the gaps that were named. */
  get position(): number {
    return this.#position;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Logs> {
    const { gaps } = this.reader.metadata().recovery;
    if (this.cursor.kind === 'trim')
      this.#name(gaps.filter((gap) => (gap.lastLost ?? Infinity) <= this.#position));
    let cursor = this.cursor;
    for (;;) {
      try {
        for await (const logs of this.reader.query(cursor, this.signal && { signal: this.signal })) {
          yield logs;
          this.#position = logs.lastSeqNo;
        }
        this.#name(gaps.filter((gap) => (gap.lastLost ?? Infinity) > this.#position));
        return;
      } catch (error) {
        cursor = Cursor.after(this.#behind(error));
      }
    }
  }

  /**
   * Where to go on after an error; rethrows it unless it names lost logs ahead, and these are to be passed.
   */
  #behind(error: unknown): number {
    if (!this.salvage || !(error instanceof WaldoError) || error.code !== 'WALDO_CORRUPT') throw error;
    const { lastLost } = error;
    if (lastLost === undefined || lastLost <= this.#position) throw error;
    this.#name([error]);
    this.#position = lastLost;
    return lastLost;
  }

  #name(gaps: readonly Gap[]): void {
    for (const gap of gaps) note(describeGap(gap));
    this.lost ||= gaps.length > 0;
  }
}

function startOf(reader: WaldoReader, cursor: Cursor): number {
  switch (cursor.kind) {
    case 'trim':
      return reader.metadata().afterSeqNo;
    case 'tip':
      return reader.prevSeqNo ?? 0;
    case 'from':
      return Math.max(cursor.seqNo - 1, 0);
    case 'after':
      return cursor.seqNo;
  }
}
