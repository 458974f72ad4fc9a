import { describe, WaldoError } from './errors.js';

/**
 * Where a reader starts. A cursor is a plain value: it may be used any number of times, on any ring.
 *
 * ```ts
 * waldo.query(Cursor.trim());      // from the oldest log
 * waldo.tail(Cursor.tip());        // only what is appended from now on
 * waldo.tail(Cursor.after(1000));  // continue after log 1000
 * ```
 */
export class Cursor {
  static readonly #trim = new Cursor('trim', 0);
  static readonly #tip = new Cursor('tip', 0);

  readonly #after: number;
  readonly kind: 'trim' | 'tip' | 'after' | 'from';
  /** As given to `after` or `from`; 0 for `trim` and `tip`. */
  readonly seqNo: number;

  private constructor(kind: Cursor['kind'], seqNo: number) {
    this.kind = kind;
    this.seqNo = seqNo;
    this.#after = kind === 'from' ? Math.max(seqNo - 1, 0) : seqNo;
  }

  /** The oldest log that the ring still holds. */
  static trim(): Cursor {
    return Cursor.#trim;
  }

  /** After the newest durable log: what is appended after the stream was created. */
  static tip(): Cursor {
    return Cursor.#tip;
  }

  /**
   * The first log whose number is greater than `seqNo`.
   * @param seqNo 0 to 2^53−1. A reader that continues passes the number of the last log it has seen.
   * @throws {@link WaldoError} `WALDO_CURSOR` if it is no such integer.
   */
  static after(seqNo: number): Cursor {
    return new Cursor('after', checked('after', seqNo));
  }

  /**
   * The first log whose number is `seqNo` or greater.
   * @param seqNo 0 to 2^53−1.
   * @throws {@link WaldoError} `WALDO_CURSOR` if it is no such integer.
   */
  static from(seqNo: number): Cursor {
    return new Cursor('from', checked('from', seqNo));
  }

  /**
   * The number after which to read. Only for `after` and `from`.
   * @internal
   */
  get position(): number {
    return this.#after;
  }

  /** As it was written, for example `Cursor.after(12)`. */
  toString(): string {
    return this.kind === 'after' || this.kind === 'from'
      ? `Cursor.${this.kind}(${this.seqNo})`
      : `Cursor.${this.kind}()`;
  }
}

function checked(method: string, seqNo: number): number {
  if (Number.isSafeInteger(seqNo) && seqNo >= 0) return seqNo;
  throw new WaldoError(
    'WALDO_CURSOR',
    `Cursor.${method} expects an integer from 0 to ${Number.MAX_SAFE_INTEGER}; received ${describe(seqNo)}`,
  );
}
