import { createReadStream, fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** Standard input in pieces, as they come; `stop` ends it early. */
export class Input {
  stopped = false;
  readonly #stream: Readable = open();

  stop(): void {
    this.stopped = true;
    this.#stream.destroy();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.#stream) {
        yield chunk as Buffer;
        if (this.stopped) return;
      }
    } catch (error) {
      // Stopping a stream that waits for input ends it with an error of its own.
      if (!this.stopped) throw new Error(`cannot read standard input: ${(error as Error).message}`);
    }
  }
}

/** Files are read in large pieces; a pipe or a terminal gives what it has. */
function open(): Readable {
  const stat = fstatSync(0);
  if (!stat.isFile() && !stat.isDirectory()) return process.stdin;
  return createReadStream('', { fd: 0, autoClose: false, highWaterMark: 2 ** 18 });
}
