/** Says how far it is: one line rewritten in place on a terminal, a line a second anywhere else. */
export class Progress {
  readonly #terminal = process.stderr.isTTY;
  #shown = performance.now();
  #dirty = false;

  update(text: () => string): void {
    const now = performance.now();
    if (now - this.#shown < (this.#terminal ? 100 : 1000)) return;
    this.#shown = now;
    this.#dirty = this.#terminal;
    process.stderr.write(this.#terminal ? `\r\x1b[2K${text()}` : `${text()}\n`);
  }

  /** A line that stays. */
  say(text: string): void {
    process.stderr.write(`${this.#dirty ? '\r\x1b[2K' : ''}${text}\n`);
    this.#dirty = false;
  }
}
