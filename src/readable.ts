import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { isUint8Array } from 'node:util/types';
import { describe, invalidArgument } from './errors.js';
import type { Log, Logs } from './log.js';
import type { LogStream } from './stream.js';

/** Options of {@link LogStream.toReadable} and {@link LogStream.toReadableStream}. */
export interface ReadableOptions {
  /**
   * `true`: {@link Log} objects. `false`: bytes, every payload followed by the delimiter.
   * @default false
   */
  readonly objectMode?: boolean;
  /**
   * What follows every payload when the Readable is one of bytes; may be empty.
   * @default '\n'
   */
  readonly delimiter?: string | Uint8Array;
}

/** A stream as a Readable. It asks for the next chunk only when its consumer has taken the one before. */
export class LogReadable extends Readable {
  readonly #stream: LogStream;
  readonly #delimiter: Buffer;
  #logs: Iterator<Log> | undefined;

  constructor(stream: LogStream, options?: ReadableOptions) {
    const { objectMode, delimiter } = readOptions(options, 'toReadable');
    super({ objectMode });
    this.#stream = stream;
    this.#delimiter = delimiter;
  }

  override _read(): void {
    if (this.#pushLogs()) return;
    this.#stream.next().then(
      ({ value, done }) => {
        if (done) this.push(null);
        else this.#pushChunk(value);
      },
      (error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stream.return();
    callback(error);
  }

  #pushChunk(logs: Logs): void {
    if (this.readableObjectMode) {
      this.#logs = logs[Symbol.iterator]();
      this.#pushLogs();
      return;
    }
    const bytes = join(logs, this.#delimiter);
    // An empty push would end no read: ask for the next chunk instead.
    if (bytes.length === 0) this._read();
    else this.push(bytes);
  }

  /** Pushes logs of the chunk at hand until the consumer has enough; returns whether there was one. */
  #pushLogs(): boolean {
    let pushed = false;
    while (this.#logs !== undefined) {
      const { value, done } = this.#logs.next();
      if (done) {
        this.#logs = undefined;
        return pushed;
      }
      pushed = true;
      if (!this.push(value)) return true;
    }
    return pushed;
  }
}

/** A stream as a Web ReadableStream. Nothing is read before somebody wants it, and nothing queues up. */
export function webStream(stream: LogStream, options?: ReadableOptions): ReadableStream<Log | Uint8Array> {
  const { objectMode, delimiter } = readOptions(options, 'toReadableStream');
  let logs: Iterator<Log> | undefined;
  return new ReadableStream(
    {
      async pull(controller) {
        for (;;) {
          const log = logs?.next();
          if (log !== undefined && !log.done) return controller.enqueue(log.value);
          const { value, done } = await stream.next();
          if (done) return controller.close();
          if (objectMode) {
            logs = value[Symbol.iterator]();
            continue;
          }
          const bytes = join(value, delimiter);
          if (bytes.length > 0) return controller.enqueue(bytes);
        }
      },
      async cancel() {
        await stream.return();
      },
    },
    { highWaterMark: 0 },
  );
}

function readOptions(options: ReadableOptions = {}, method: string) {
  const { objectMode = false, delimiter = '\n' } = options;
  if (typeof objectMode !== 'boolean')
    throw invalidArgument(`objectMode of ${method} is ${describe(objectMode)}; expected true or false`);
  if (typeof delimiter !== 'string' && !isUint8Array(delimiter))
    throw invalidArgument(
      `delimiter of ${method} is ${describe(delimiter)}; expected a string or a Uint8Array`,
    );
  return { objectMode, delimiter: Buffer.from(delimiter) };
}

/** All payloads of a chunk, each followed by the delimiter. */
function join(logs: Logs, delimiter: Buffer): Buffer {
  const joined = Buffer.allocUnsafe(logs.byteLength + logs.length * delimiter.length);
  let end = 0;
  logs.scan((_seqNo, buffer, from, to) => {
    end += buffer.copy(joined, end, from, to);
    joined.set(delimiter, end);
    end += delimiter.length;
  });
  return joined;
}
