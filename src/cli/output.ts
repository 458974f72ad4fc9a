import { hasColours } from './colour.js';

/**
 * Standard output, with back-pressure: `write` settles when the bytes were handed over. A reader that has
 * gone away (`| head -1`) is no error: `closed` turns true, and the command ends quietly.
 */
export class Output {
  closed = false;
  readonly #stream: NodeJS.WriteStream;
  #failure: Error | undefined;

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
  }

  /** Whether it shows colours. */
  get colours(): boolean {
    return hasColours(this.#stream);
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (this.closed || data.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#stream.write(data, (error) => {
        if (error) this.#failed(error);
        resolve();
      });
    });
    if (this.#failure) throw this.#failure;
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.closed = true;
    if (error.code !== 'EPIPE')
      this.#failure ??= new Error(`cannot write to standard output: ${error.message}`);
  }
}

/** A message on standard error, for people. */
export function note(message: string): void {
  process.stderr.write(`waldo: ${message}\n`);
}

/** One line on a terminal that is rewritten in place; nothing at all anywhere else. */
export class ProgressLine {
  #timer: NodeJS.Timeout | undefined;
  #shown = false;

  constructor(text: () => string) {
    if (!process.stderr.isTTY) return;
    this.#timer = setInterval(() => this.#show(text()), 250);
    this.#timer.unref();
  }

  /** Stops, and clears the line. */
  stop(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  /** Clears the line for something else to be printed in its place; it comes back below that. */
  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[2K');
    this.#shown = false;
  }

  #show(text: string): void {
    this.#shown = true;
    // A line that wraps could not be cleared.
    const width = (process.stderr.columns || 80) - 1;
    process.stderr.write(`\r\x1b[2K${text.slice(0, width)}`);
  }
}
