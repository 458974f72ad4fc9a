import { isUtf8 } from 'node:buffer';
import { type BatchPart, partsOf } from '../buffer/batch-parts.js';
import type { FetchedBatch } from '../buffer/index.js';
import { isRange, LogRange } from '../buffer/range.js';
import { type Paint, painter } from './colour.js';
import type { Output } from './output.js';

export interface EntryPrintOptions {
  /** JSON objects instead of the entries themselves. */
  readonly json?: boolean | undefined;
  /** Print at most so many entries. */
  readonly count?: number | undefined;
}

/** Bytes that are put together for one write. */
const PIECE = 2 ** 18;
const NEWLINE = Buffer.from('\n');

/** Writes the entries of batches to the output, a line each. */
export class EntryPrinter {
  batches = 0;
  entries = 0;
  /** Of the entries. */
  bytes = 0;
  readonly #output: Output;
  readonly #json: boolean;
  readonly #paint: Paint;
  readonly #count: number;

  constructor(output: Output, { json = false, count = Number.POSITIVE_INFINITY }: EntryPrintOptions) {
    this.#output = output;
    this.#json = json;
    this.#count = count;
    this.#paint = painter(output.colours);
  }

  /** Whether nothing more is wanted: all entries asked for were printed, or nobody reads the output any more. */
  get done(): boolean {
    return this.entries >= this.#count || this.#output.closed;
  }

  /**
   * Prints a batch, as far as it is wanted.
   * @returns whether all of it was handed over
   * @throws {@link WaldoError} `WALDO_CORRUPT` if JSON is asked for, and the metadata of an uploader is damaged
   */
  async print(batch: FetchedBatch): Promise<boolean> {
    const end = Math.min(batch.entries.length, this.#count - this.entries);
    let pieces: Uint8Array[] = [];
    let size = 0;
    const flush = async () => {
      await this.#output.write(Buffer.concat(pieces));
      pieces = [];
      size = 0;
    };
    let printed = 0;
    for (const line of this.#json ? this.#objects(batch, end) : lines(batch.entries, end)) {
      pieces.push(line, NEWLINE);
      size += line.length + 1;
      this.bytes += batch.entries[printed++]!.length;
      if (size >= PIECE) await flush();
      if (this.#output.closed) return false;
    }
    await flush();
    this.entries += printed;
    this.batches++;
    return !this.#output.closed && end === batch.entries.length;
  }

  /** An object an entry. Parts of foreign producers may overlap: no entry is printed twice. */
  *#objects(batch: FetchedBatch, end: number): Generator<Uint8Array, void, undefined> {
    const { sequence, entries } = batch;
    let index = 0;
    for (const part of partsOf(batch)) {
      const fields = this.#describe(part, batch);
      for (let at = part.start; at < Math.min(part.end, end); at++) {
        const more = fields();
        if (at < index) continue;
        const place = `"sequence":${this.#paint('cyan', `${sequence}`)},"index":${at}`;
        yield Buffer.from(`{${place},${more}${toJson('data', entries[at]!)}}`);
        index = at + 1;
      }
    }
  }

  /** What is told of each entry of a part: one call an entry. */
  #describe({ start, end, item }: BatchPart, { location }: FetchedBatch): () => string {
    if (item === undefined || start === end) return () => '';
    const { payload } = item;
    const time = `"ingestionTimeMs":${item.ingestionTimeMs},`;
    if (!isRange(payload)) {
      const fields = payload.length === 0 ? time : `${time}${toJson('metadata', payload)},`;
      return () => fields;
    }
    const range = LogRange.decode(payload, end - start, location);
    const walk = range.numbers();
    let first = true;
    return () => {
      if (!first) walk.next();
      first = false;
      const seqNo = this.#paint('cyan', `${walk.seqNo}`);
      const prevSeqNo = this.#paint('dim', `${walk.prevSeqNo}`);
      return `${time}"ringId":"${range.ringId}","seqNo":${seqNo},"prevSeqNo":${prevSeqNo},`;
    };
  }
}

function* lines(entries: readonly Buffer[], end: number): Generator<Uint8Array, void, undefined> {
  for (let i = 0; i < end; i++) yield entries[i]!;
}

/** A field of JSON: text where the bytes are UTF-8, base64 under another name where they are not. */
function toJson(name: string, bytes: Buffer): string {
  return isUtf8(bytes)
    ? `"${name}":${JSON.stringify(bytes.toString())}`
    : `"${name}Base64":"${bytes.toString('base64')}"`;
}
