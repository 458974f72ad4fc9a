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

/** Writes logs to the output, a line each; one write for each chunk. */
export class LogPrinter {
  readonly #output: Output;
  readonly #json: boolean;
  #left: number;
  #skip: number;

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
    await this.#output.write(this.#json ? this.#renderJson(logs) : this.#renderPayloads(logs));
  }

  #renderPayloads(logs: Logs): Buffer {
    const out = Buffer.allocUnsafe(logs.byteLength + logs.length);
    let at = 0;
    this.#each(logs, (_seqNo, buffer, start, end) => {
      at += buffer.copy(out, at, start, end);
      out[at++] = 10;
    });
    return out.subarray(0, at);
  }

  #renderJson(logs: Logs): string {
    let out = '';
    this.#each(logs, (seqNo, buffer, start, end, prevSeqNo) => {
      const data = isUtf8(buffer.subarray(start, end))
        ? `"data":${JSON.stringify(buffer.toString('utf8', start, end))}`
        : `"dataBase64":"${buffer.toString('base64', start, end)}"`;
      out += `{"seqNo":${seqNo},"prevSeqNo":${prevSeqNo},${data}}\n`;
    });
    return out;
  }

  #each(
    logs: Logs,
    visit: (seqNo: number, buffer: Buffer, start: number, end: number, prevSeqNo: number) => void,
  ): void {
    logs.scan((seqNo, buffer, start, end, prevSeqNo) => {
      if (this.#left === 0) return false;
      if (this.#skip > 0) {
        this.#skip--;
        return true;
      }
      this.#left--;
      visit(seqNo, buffer, start, end, prevSeqNo);
      return true;
    });
  }
}
