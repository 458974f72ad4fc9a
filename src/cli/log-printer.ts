import { isUtf8 } from 'node:buffer';
import { type Command, Option } from 'commander';
import type { Log, Logs } from '../index.js';
import { type Paint, painter } from './colour.js';
import { type LogFormat, parseFormat } from './format-string.js';
import type { Output } from './output.js';

export interface PrintFlags {
  /** JSON objects instead of payloads. */
  readonly json?: boolean;
  /** This for each log instead of payloads. */
  readonly format?: LogFormat;
}

export interface PrintOptions extends PrintFlags {
  /** Print at most so many logs. */
  readonly count?: number | undefined;
  /** Leave out so many logs first. */
  readonly skip?: number | undefined;
}

/** `--json` and `--format`, which exclude each other. */
export function addPrintFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--json',
        'print {"seqNo","prevSeqNo","data"} for each log ("dataBase64" when it is not UTF-8)',
      ).conflicts('format'),
    )
    .addOption(
      new Option('--format <string>', 'print each log so, for example "%o %s\\n" (see below)').argParser(
        parseFormat,
      ),
    );
}

/** Characters of JSON that are put together at a time. */
const JSON_PART = 2 ** 14;

type Visit = (seqNo: number, buffer: Buffer, start: number, end: number, prevSeqNo: number) => void;

/** Writes logs to the output, a line each or as a format says; one write for each chunk. */
export class LogPrinter {
  readonly #output: Output;
  readonly #json: boolean;
  readonly #format: LogFormat | undefined;
  readonly #paint: Paint;
  #left: number;
  #skip: number;
  /**
   * Holds a chunk's payloads, each with a newline; reused, because a write is awaited before the next begins.
   */
  #lines = Buffer.alloc(0);

  constructor(output: Output, options: PrintOptions) {
    const { json = false, format, count = Number.POSITIVE_INFINITY, skip = 0 } = options;
    this.#output = output;
    this.#json = json;
    this.#format = format;
    this.#paint = painter(output.colours);
    this.#left = count;
    this.#skip = skip;
  }

  /** Whether nothing more is wanted: all logs asked for were printed, or nobody reads the output any more. */
  get done(): boolean {
    return this.#left === 0 || this.#output.closed;
  }

  /**
   * Settles once the logs were handed over.
   * @returns the sequence number of the last log that was dealt with; `undefined` if none was
   */
  async print(logs: Logs): Promise<number | undefined> {
    const first = Math.min(this.#skip, logs.length);
    const last = Math.min(first + this.#left, logs.length);
    this.#skip -= first;
    this.#left -= last - first;
    await this.#output.write(this.#render(logs, first, last));
    if (this.#output.closed || last === 0) return undefined;
    return last === logs.length ? logs.lastSeqNo : logs.at(last - 1)!.seqNo;
  }

  #render(logs: Logs, first: number, last: number): Buffer {
    if (this.#format !== undefined) return this.#format(range(logs, first, last), this.#paint);
    const each = (visit: Visit) => scanRange(logs, first, last, visit);
    const lines = this.#join(logs, each);
    return this.#json ? toJson(each, isUtf8(lines), this.#paint) : lines;
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

function* range(logs: Logs, first: number, last: number): Generator<Log> {
  let index = 0;
  for (const log of logs) {
    if (index >= last) return;
    if (index++ >= first) yield log;
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
function toJson(each: (visit: Visit) => void, allText: boolean, paint: Paint): Buffer {
  const parts: Buffer[] = [];
  let json = '';
  each((seqNo, buffer, start, end, prevSeqNo) => {
    const data =
      allText || isUtf8(buffer.subarray(start, end))
        ? `"data":${JSON.stringify(buffer.toString('utf8', start, end))}`
        : `"dataBase64":"${buffer.toString('base64', start, end)}"`;
    const numbers = `"seqNo":${paint('cyan', `${seqNo}`)},"prevSeqNo":${paint('dim', `${prevSeqNo}`)}`;
    json += `{${numbers},${data}}\n`;
    // A string put together of many keeps all of them until it is used: turned into bytes early, they die
    // young.
    if (json.length < JSON_PART) return;
    parts.push(Buffer.from(json));
    json = '';
  });
  return Buffer.concat([...parts, Buffer.from(json)]);
}
