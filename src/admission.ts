import type { Engine } from './engine.js';
import { fromNative, fullError, type WaldoError } from './errors.js';
import { FRAME_HEADER_BYTES } from './log-format.js';

export interface AdmissionLimits {
  readonly alignment: number;
  readonly bufCapacity: number;
  readonly fileCapacity: number;
  readonly ringSize: number;
}

interface InFlight {
  /** Frames that were durable before. */
  readonly before: number;
  /** Bytes of each that is not. */
  readonly frames: readonly number[];
}

/**
 * Which appends fit before a page that a durable cursor holds. An append is refused or made to wait before any of its
 * logs is packed, so that nobody's logs are half in. The count is exact for frames that have been submitted, and
 * errs a few kilobytes on the safe side for those to come. Should it err on the other one, since another process has
 * made a cursor, native code waits.
 */
export class Admission {
  readonly #engine: Engine;
  readonly #limits: AdmissionLimits;
  /** Bytes left of the page that the next frame goes to, and pages behind it. */
  #pageBytes = 0;
  #freePages = 0;
  #holder: { readonly name: string; readonly position: number } | undefined;
  /** Why the cursors could not be read. */
  #failure: WaldoError | undefined;

  constructor(engine: Engine, limits: AdmissionLimits) {
    this.#engine = engine;
    this.#limits = limits;
  }

  /** A frame of so many bytes, padding included, was submitted. */
  take(bytes: number): void {
    if (bytes > this.#pageBytes) {
      this.#freePages--;
      this.#pageBytes = this.#limits.fileCapacity;
    }
    this.#pageBytes -= bytes;
  }

  /**
   * Whether logs fit for sure.
   * @param open bytes of the frame that is being packed, its header included; 0 if there is none
   * @param bytes of the logs
   */
  admits(open: number, bytes: number, inFlight: () => InFlight): boolean {
    const need = this.#need(open, bytes);
    if (this.#fits(need)) return true;
    this.#refresh(inFlight());
    return this.#fits(need) || this.#isEmpty;
  }

  /** Looks anew the next time. */
  expire(): void {
    this.#pageBytes = 0;
    this.#freePages = 0;
  }

  /** Why an append was not admitted. */
  error(tip: number): WaldoError {
    if (this.#failure !== undefined) return this.#failure;
    const { name, position } = this.#holder ?? { name: '(of another process)', position: tip };
    return fullError(name, position, tip);
  }

  /** What logs take on disk at most, with what is packed already. */
  #need(open: number, bytes: number): number {
    const { alignment, bufCapacity } = this.#limits;
    const pad = (length: number) => Math.ceil(length / alignment) * alignment;
    if (FRAME_HEADER_BYTES + bytes <= bufCapacity) return pad(open) + pad(FRAME_HEADER_BYTES + bytes);
    const frames = 2 * Math.ceil((open + bytes) / bufCapacity) + 1;
    return open + bytes + frames * (FRAME_HEADER_BYTES + alignment);
  }

  #fits(need: number): boolean {
    const { alignment, bufCapacity, fileCapacity } = this.#limits;
    if (need <= this.#pageBytes) return true;
    // At the end of a page, as much is left unused as a frame is long.
    const usable = fileCapacity - Math.min(bufCapacity, need) + alignment;
    const pages = Math.min(Math.ceil(need / usable), 2 * Math.ceil(need / fileCapacity) + 1);
    return pages <= this.#freePages;
  }

  /** Nothing that anybody does makes more room than there is. */
  get #isEmpty(): boolean {
    return this.#freePages === this.#limits.ringSize - 1;
  }

  #refresh({ before, frames }: InFlight): void {
    const room = this.#engine.native.room();
    this.#failure = undefined;
    if ('message' in room) {
      this.#failure = fromNative(room);
      this.expire();
      return;
    }
    this.#pageBytes = room.pageBytes;
    this.#freePages = room.freePages;
    this.#holder =
      room.holder === undefined ? undefined : { name: room.holder, position: room.position ?? 0 };
    // Some of those in flight may be written already.
    for (let i = room.frames - before; i < frames.length; i++) this.take(frames[i]!);
  }
}
