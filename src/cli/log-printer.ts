import { isUtf8 } from 'node:buffer';
import type { Logs } from '../index.js';
import type { Output } from './output.js';

export interface PrintOptions {
  /** JSON objects instead of payloads. */
  readonly json?: boolean | undefined;
  /** Print at most so many logs. */
  readonly count?: number | undefined;
  /** Leave out so many logs first. */
  readonly skip?: number | undefined;
}

/** Characters of JSON that are put together at a time. */
const JSON_PART = 2 ** 14;

type Visit = (seqNo: number, buffer: Buffer, start: number, end: number, prevSeqNo: number) => void;

/** Writes logs to the output, a line each; one write for each chunk. */
export class LogPrinter {
  readonly #output: Output;
  readonly #json: boolean;
  #left: number;
  #skip: number;
  /**
   * Holds a chunk's payloads, each with a newline; reused, because a write is awaited before the next begins.
   */
  #lines = Buffer.alloc(0);

  constructor(output: Output, { json = false, count = Number.POSITIVE_INFINITY, skip = 0 }: PrintOptions) {
    this.#output = output;
    this.#json = json;
    this.#left = count;
    this.#skip = skip;
  }

  /** Whether nothing more is wanted: all logs asked for were printed, or nobody reads the output any more. */
  get done(): boolean {
    return this.#left === 0 || this.#output.closed;
  }

  async print(logs: Logs): Promise<void> {
    const first = Math.min(this.#skip, logs.length);
    const last = Math.min(first + this.#left, logs.length);
    this.#skip -= first;
    this.#left -= last - first;
    const each = (visit: Visit) => scanRange(logs, first, last, visit);
    const lines = this.#join(logs, each);
    await this.#output.write(this.#json ? toJson(each, isUtf8(lines)) : lines);
  }

  #join(logs: Logs, each: (visit: Visit) => void): Buffer {
    const size = logs.byteLength + logs.length;
    if (this.#lines.length < size) this.#lines = Buffer.allocUnsafeSlow(size);
    const lines = this.#lines;
    let at = 0;
    each((_seqNo, buffer, start, end) => {
      at += buffer.copy(lines, at, start, end);
      lines[at++] = 10;
    });
    return lines.subarray(0, at);
  }
}

function scanRange(logs: Logs, first: number, last: number, visit: Visit): void {
  let index = 0;
  logs.scan((seqNo, buffer, start, end, prevSeqNo) => {
    if (index >= last) return false;
    if (index++ >= first) visit(seqNo, buffer, start, end, prevSeqNo);
    return true;
  });
}

/**
 * A JSON object a line. `allText` says that every payload is UTF-8, so that not each one has to be looked at.
 */
function toJson(each: (visit: Visit) => void, allText: boolean): Buffer {
  const parts: Buffer[] = [];
  let json = '';
  each((seqNo, buffer, start, end, prevSeqNo) => {
    const data =
      allText || isUtf8(buffer.subarray(start, end))
        ? `"data":${JSON.stringify(buffer.toString('utf8', start, end))}`
        : `"dataBase64":"${buffer.toString('base64', start, end)}"`;
    json += `{"seqNo":${seqNo},"prevSeqNo":${prevSeqNo},${data}}\n`;
    // A string put together of many keeps all of them until it is used: turned into bytes early, they die
    // young.
    if (json.length < JSON_PART) return;
    parts.push(Buffer.from(json));
    json = '';
  });
  return Buffer.concat([...parts, Buffer.from(json)]);
}
