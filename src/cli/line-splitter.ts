const NEWLINE = 10;

/** Past this size an endless line is no longer counted; the error then says "more than". */
const COUNTED_AT_MOST = 2 ** 30;

export interface OverlongLine {
  /** 1-based number of the line in the input. */
  readonly line: number;
  readonly bytes: number;
  /** False when counting was given up: the line is longer than `bytes`. */
  readonly exact: boolean;
}

/**
 * Cuts a stream of bytes into lines, without decoding: only the newline byte (10) is special and only it is
 * removed. Lines are views of the chunks they came in; one that spans chunks is joined. Memory is bounded by
 * `maxLineBytes`: of a longer line nothing is kept but its size, and the splitter stops there.
 */
export class LineSplitter {
  /** Set once a line was longer than the limit and its size is known. No line is returned after that. */
  overlong: OverlongLine | undefined;

  #line = 1;
  /** The unfinished line's pieces, and how many bytes of it were seen. */
  #pieces: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(readonly maxLineBytes: number) {}

  /** The lines that end in this chunk. */
  push(chunk: Buffer): Uint8Array[] {
    const lines: Uint8Array[] = [];
    if (this.overlong) return lines;
    const { buffer, byteOffset } = chunk;
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      if (this.#pendingBytes + (end - start) > this.maxLineBytes) {
        this.#fail(this.#pendingBytes + (end - start), true);
        return lines;
      }
      // A plain Uint8Array view costs half of what Buffer.subarray does.
      const line = new Uint8Array(buffer, byteOffset + start, end - start);
      lines.push(this.#pendingBytes === 0 ? line : this.#join(line));
      this.#line++;
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  /** At the end of the input: the last line, if it has no newline. */
  end(): Uint8Array[] {
    if (this.overlong || this.#pendingBytes === 0) return [];
    if (this.#pendingBytes > this.maxLineBytes) {
      this.#fail(this.#pendingBytes, true);
      return [];
    }
    return [this.#join(new Uint8Array(0))];
  }

  #join(last: Uint8Array): Uint8Array {
    const line = Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    this.#pendingBytes = 0;
    return line;
  }

  #keep(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#pendingBytes += rest.length;
    if (this.#pendingBytes <= this.maxLineBytes) {
      this.#pieces.push(rest);
      return;
    }
    this.#pieces = [];
    if (this.#pendingBytes > COUNTED_AT_MOST) this.#fail(COUNTED_AT_MOST, false);
  }

  #fail(bytes: number, exact: boolean): void {
    this.#pieces = [];
    this.overlong = { line: this.#line, bytes, exact };
  }
}
